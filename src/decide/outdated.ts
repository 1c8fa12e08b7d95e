/** What a running gobgpd cannot change: its own AS, router id and where it listens. Only another one takes new ones. */
import type { Speaker } from '../model/peer.js';

type Own = Pick<Speaker, 'asn' | 'routerId' | 'listenPort' | 'listenAddresses'>;

/** A sentence with the remedy when gobgpd runs with other settings than are wanted; undefined when it does not. */
export function outdated(running: Own, wanted: Own): string | undefined {
  const words = (['asn', 'routerId', 'listenPort', 'listenAddresses'] as const).flatMap((key) => {
    const [has, wants] = [running, wanted].map((own) => [own[key]].flat().join(' ') || 'every address');
    return has === wants ? [] : [`${key} ${wants}, and gobgpd runs with ${has}`];
  });
  if (words.length === 0) return undefined;
  return `configured is ${words.join('; ')}: restart gobgpd (kill -9: the sidecar starts another, and peers keep our routes)`;
}
