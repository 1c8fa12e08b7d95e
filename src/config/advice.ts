/** What is allowed, works, and still may not be what somebody meant: told by `slash32 config check` and at each start. */
import type { Peer, Speaker } from '../model/peer.js';

/** In s: gobgpd 3.10 waits 5 to 10 s before its first try to connect. */
const LONGEST_FIRST_TRY = 10;
/** A gobgpd that hangs is killed before this part of the hold time is over. */
const HANG_FOUND = 1 / 3;

/** A sentence each, with the remedy. */
export function advice({ peers, sought = [], restartTime, timers }: Speaker): string[] {
  if (restartTime === 0) return [];
  const hasLongLived = (peer: { readonly longLivedRestart?: number }) => peer.longLivedRestart !== undefined;
  const all = [...peers, ...sought];
  const dropping = all.filter((peer) => !hasLongLived(peer)).map(({ name }) => name);
  return [
    ...(restartTime < LONGEST_FIRST_TRY && dropping.length > 0 ? [tooShort(restartTime, dropping)] : []),
    ...all.flatMap((peer) => hangIsLoss(peer, (peer.timers ?? timers).hold)),
  ];
}

function tooShort(restartTime: number, names: readonly string[]): string {
  return (
    `gracefulRestart of ${restartTime} s: gobgpd may need ${LONGEST_FIRST_TRY} s until it connects again, ` +
    `and ${names.join(', ')} will have dropped our routes by then; 60s is the default`
  );
}

/**
 * gobgpd speaks BFD itself. When it crashes its TCP sessions end first, and a switch keeps our routes, whatever BFD says
 * then; when it hangs, BFD is what the switch notices (measured with FRR 8.4).
 */
function hangIsLoss({ name, bfd }: Pick<Peer, 'name' | 'bfd'>, hold: number): string[] {
  if (!bfd) return [];
  const noticed = bfd.minTx * bfd.multiplier;
  const killed = hold * 1000 * HANG_FOUND;
  if (noticed >= killed) return [];
  return [
    `peer ${name}: a gobgpd that hangs is lost for it after ${noticed} ms of BFD, before it is killed ` +
      `(${killed / 1000} s at most), and graceful restart applies to a crash only; ` +
      `bfd: { minTx: ${Math.ceil(killed / bfd.multiplier)} } would be slow enough`,
  ];
}
