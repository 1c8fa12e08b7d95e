/**
 * A BGP daemon as the interop table sees it: told what to speak in words of BGP, asked with its own client. One file in
 * `daemons/` for each kind knows its language, and nobody else does.
 */
import type { Place } from './place.js';

/** One session, from the daemon's side. */
export interface Session {
  /** A name for configuration files: letters, digits, underscores. */
  readonly name: string;
  /** What is exchanged; IPv4 over an IPv6 session has IPv6 next hops (RFC 8950). */
  readonly families: readonly (4 | 6)[];
  readonly local: string;
  readonly remote: string;
  /** The link, where both addresses mean something on it alone. */
  readonly device?: string;
  /** The node's AS. */
  readonly remoteAsn: number;
}

/** What a daemon is to speak. */
export interface Settings {
  readonly asn: number;
  readonly routerId: string;
  readonly sessions: readonly Session[];
  /** It originates these, with the target. */
  readonly prefixes: Readonly<Record<4 | 6, readonly string[]>>;
  readonly target: string;
  /** TCP MD5 on every session. */
  readonly password?: string;
  /** GTSM on every session. */
  readonly ttlSecurity: boolean;
  /** It keeps what it has heard as long-lived stale paths when a peer is away too long (RFC 9494). */
  readonly longLived: boolean;
  /** It has forgotten all and says so (RFC 4724, the restart state); its peers are to keep its routes meanwhile. */
  readonly restarting: boolean;
}

/** A path as the daemon shows it. */
export interface Shown {
  readonly nextHop: string;
  readonly asPath: string;
  /** Route targets, as `64512:100`. */
  readonly targets: readonly string[];
  /** It has the community LLGR_STALE (RFC 9494). */
  readonly isLongStale: boolean;
}

export interface Daemon {
  /** The name of its node. */
  readonly name: string;
  /** As people call it; the version is asked for. */
  readonly title: string;
  /** Gets hold of it; returns the root of the system it is in, undefined for this machine's own. Throws when it cannot be had. */
  fetch(): Promise<string | undefined>;
  version(at: Place): Promise<string>;
  start(at: Place, settings: Settings): Promise<void>;
  /** Kills it, as a crash would. */
  kill(at: Place): Promise<void>;
  /** The addresses of the peers whose sessions are established. */
  established(at: Place): Promise<readonly string[]>;
  /** Its paths to a host route, of all peers. */
  paths(at: Place, prefix: string): Promise<readonly Shown[]>;
  /** What it has written to its log. */
  log(at: Place): string;
}

/** The first group of every match. */
export function all(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] as string);
}

/** Is it IPv4 over an IPv6 session? */
export function isExtended({ families, local }: Session): boolean {
  return families.includes(4) && local.includes(':');
}

/** Is it one AS on both sides? */
export function isInternal({ asn }: Settings, { remoteAsn }: Session): boolean {
  return asn === remoteAsn;
}
