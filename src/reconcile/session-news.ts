/**
 * Tells of every session that comes and goes, once: what a network engineer looks for first in a log.
 *
 * That all of them end with gobgpd is one piece of news, and told as such.
 */
import type { Address } from '../model/address.js';
import { type PeerKey, type PeerState, peerKey, type Speaker, settingsOf } from '../model/peer.js';

/** Something that has changed between this node and its peers. */
export type BgpNews =
  | { readonly event: 'gobgpd-up' }
  | { readonly event: 'peer-up' | 'peer-down'; readonly peer: string; readonly address: Address; readonly asn: number };

export class SessionNews {
  readonly #tell: (news: BgpNews) => void;
  #standing: ReadonlyMap<PeerKey, PeerState> = new Map();

  constructor(tell: (news: BgpNews) => void) {
    this.#tell = tell;
  }

  /** gobgpd has come. */
  begin(): void {
    this.#standing = new Map();
    this.#tell({ event: 'gobgpd-up' });
  }

  /** The sessions as gobgpd tells them now. */
  hear(speaker: Speaker, states: readonly PeerState[]): void {
    const before = this.#standing;
    const standing = new Map(
      states.filter(({ session }) => session === 'established').map((state) => [peerKey(state), state]),
    );
    this.#standing = standing;
    const differing = (some: ReadonlyMap<PeerKey, PeerState>, others: ReadonlyMap<PeerKey, PeerState>) =>
      [...some].filter(([key]) => !others.has(key));
    for (const [key, { address, asn }] of differing(before, standing))
      this.#tell({ event: 'peer-down', peer: nameOf(speaker, key), address, asn });
    for (const [key, { address, asn }] of differing(standing, before))
      this.#tell({ event: 'peer-up', peer: nameOf(speaker, key), address, asn });
  }
}

/** One that was taken out of the configuration has no name any more. */
function nameOf(speaker: Speaker, key: PeerKey): string {
  return settingsOf(speaker, key)?.name ?? key;
}
