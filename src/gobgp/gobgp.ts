/**
 * gobgpd as the `Bgp` port, over gRPC on a unix socket.
 *
 * One loop: connect, start BGP where it is not started, tell what stands, listen, and again after every loss. Nothing is
 * remembered from one connection to the next: gobgpd keeps nothing over its own restart, so all is told anew each time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Peer, PeerState, Speaker } from '../model/peer.js';
import { type Bgp, type BgpEvent, type Failures, Unreachable } from '../ports.js';
import { say } from './announcing.js';
import { type Connection, type ConnectionOptions, connected } from './connection.js';
import { applyExportPolicy } from './export-policy.js';
import { goodbyes } from './goodbyes.js';
import { admit, listPeers, peerDifferences, peerState, release, reopen, wirePeers } from './peers.js';
import { openRanges, wireRanges } from './ranges.js';
import { findAnnounced } from './session.js';
import { checkSpeaker } from './validate.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/** The real `Bgp`. `api` is gRPC's name of the socket, like `unix:///run/slash32/gobgpd.sock`. */
export class Gobgp implements Bgp {
  readonly #options: ConnectionOptions;
  #connection: Connection | undefined;
  #reason: string;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#reason = `not connected to gobgpd on ${options.api} yet`;
  }

  announce(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    return this.#say(announcements, false);
  }

  withdraw(announcements: readonly Announcement[]): Promise<Failures<Announcement>> {
    return this.#say(announcements, true);
  }

  async admitPeers(speaker: Speaker, restarting: boolean): Promise<void> {
    checkSpeaker(speaker);
    const { session, nextHops } = this.#need();
    if (this.#options.manage ?? true) {
      // First, so that no peer hears for a moment what it should not.
      await applyExportPolicy(session, speaker, nextHops);
      await admit(session, wirePeers(speaker, restarting));
      return openRanges(session, wireRanges(speaker));
    }
    for (const difference of peerDifferences(speaker.peers, await listPeers(session))) this.#options.warn?.(difference);
  }

  async peers(): Promise<readonly PeerState[]> {
    const { session, finished } = this.#need();
    const said = await goodbyes(this.#options.api);
    return (await listPeers(session)).map((peer) => peerState(peer, finished, said));
  }

  reopen(peer: Peer): Promise<void> {
    return reopen(this.#need().session, peer);
  }

  release(peer: Peer): Promise<void> {
    return release(this.#need().session, peer);
  }

  async says(prefixes: readonly Prefix[]): Promise<readonly Announcement[]> {
    return findAnnounced(this.#need().session, prefixes);
  }

  /** Throws at once when a value of the speaker is not fit for gobgpd; otherwise returns when the signal says so. */
  async run(speaker: () => Speaker, hear: (event: BgpEvent) => void, signal: AbortSignal): Promise<void> {
    checkSpeaker(speaker());
    let retry = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const wasConnected = await this.#once(speaker(), hear, signal);
      retry = wasConnected ? FIRST_RETRY_MS : Math.min(retry * 2, LAST_RETRY_MS);
      await sleep(retry, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection from beginning to end. Returns whether it ever stood. */
  async #once(speaker: Speaker, hear: (event: BgpEvent) => void, signal: AbortSignal): Promise<boolean> {
    const begun = (connection: Connection) => {
      this.#connection = connection;
    };
    const reason = await connected(this.#options, speaker, begun, hear, signal).catch((error: Error) => error.message);
    const stood = this.#connection !== undefined;
    this.#connection = undefined;
    // A gobgpd that stays away is told once, not at every try.
    if (!signal.aborted && (stood || reason !== this.#reason)) hear({ kind: 'disconnected', reason });
    this.#reason = reason;
    return stood;
  }

  #need(): Connection {
    if (!this.#connection) throw new Error(this.#reason);
    return this.#connection;
  }

  async #say(announcements: readonly Announcement[], withdrawn: boolean): Promise<Failures<Announcement>> {
    const connection = this.#connection;
    if (!connection) return new Map(announcements.map((one) => [one, new Unreachable(this.#reason)]));
    const { session, nextHops, writes, said } = connection;
    writes.begun++;
    try {
      const failures = await say(session, announcements, nextHops, withdrawn);
      for (const one of announcements) {
        const failure = failures.get(one);
        if (withdrawn && !failure) said.delete(one.prefix);
        // An answer that was lost says nothing: the path may be there.
        if (!withdrawn && (!failure || failure instanceof Unreachable)) said.add(one.prefix);
      }
      return failures;
    } finally {
      writes.done++;
    }
  }
}
