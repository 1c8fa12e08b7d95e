/**
 * The ports: what the reconciler and the verbs need from the world, in our own words.
 * Whole sets go in, failures come out; nobody throws because of one bad route.
 */
import type { Address, Family, Prefix } from './model/address.js';
import type { Announcement } from './model/announcement.js';
import type { DrainRecord } from './model/duty.js';
import type { Endpoint, EndpointId } from './model/endpoint.js';
import type { HostAddress, Way } from './model/host.js';
import type { Networks } from './model/network.js';
import type { Path, PathName } from './model/path.js';
import type { Greeting, Peer, PeerState, Speaker } from './model/peer.js';
import type { Route } from './model/route.js';
import type { Bystanders, PeerPlace, ShortcutUse } from './model/shortcut.js';
import type { Wiring } from './model/wiring.js';

/** Nobody was there to refuse: not a failure to report, but one to wait for. */
export class Unreachable extends Error {}

/** What failed, and why. Everything not in it succeeded. */
export type Failures<T> = ReadonlyMap<T, Error>;

/** The kernel's routing: our routes (protocol 32), and the rules that lead each network to its table. */
export interface Kernel {
  /** Every route of ours, in every table. */
  routes(): Promise<readonly Route[]>;
  /** Adds or replaces. */
  put(routes: readonly Route[]): Promise<Failures<Route>>;
  /** Removing what is gone succeeds. */
  remove(routes: readonly Route[]): Promise<Failures<Route>>;
  /** Rules, filters and sysctls for exactly these networks; safe to repeat, repairs what was damaged. */
  separate(networks: Networks): Promise<void>;
  /** Every address of this host, but for loopback's and the gateways that containers send to. */
  addresses(): Promise<readonly HostAddress[]>;
  /** How this host reaches each of these, asked now; every one is in the answer. */
  ways(to: readonly Address[]): Promise<ReadonlyMap<Address, Way>>;
  /** Tells what changes behind our back, until the signal. */
  watch(hear: (event: KernelEvent) => void, signal: AbortSignal): void;
}

/** Something happened in the kernel that was not, or may not have been, our doing. */
export type KernelEvent =
  | { readonly kind: 'route-added'; readonly route: Route }
  | { readonly kind: 'route-removed'; readonly route: Route }
  /** A route that is not ours came, changed or went. Told once `ways` has had an answer that such a route decides. */
  | { readonly kind: 'foreign-route'; readonly prefix: Prefix }
  /** A link or an address came, went or changed state: routes refused before may be accepted now. */
  | { readonly kind: 'links-changed' }
  /** Read everything again: events were lost (ENOBUFS), rules or filters were touched, a link or an address is gone. */
  | { readonly kind: 'lost'; readonly why: 'events-dropped' | 'filters-touched' | 'rules-touched' | 'links-gone' };

/** The wiring of one endpoint: veth pair, addresses, neighbours, routes inside, filters. */
export interface Wire {
  /** The container's namespace, opened once and held. Throws when it is not a network namespace, or is the host's own. */
  open(netns: string): Namespace;
  /**
   * Filters, the pair, and the host's side of it: routes to the endpoint are taken from here on, and nothing passes yet.
   * Leaves nothing behind when it throws. Returns the host end's index.
   */
  connect(endpoint: Endpoint, namespace: Namespace): Promise<number>;
  /** The container's side of what `connect` made: from here on packets pass. What fails stays to be disconnected. */
  furnish(endpoint: Endpoint, namespace: Namespace): Promise<void>;
  /** Removes host link and filters. What is gone already is fine; a link that is not this endpoint's stays. */
  disconnect(endpoint: Endpoint): Promise<void>;
  /** Removes a host end of ours that no endpoint has. */
  removeOrphan(link: WiredLink): Promise<void>;
  /** Host ends of ours that exist, as their alias names them. */
  links(): Promise<readonly WiredLink[]>;
  /** What the kernel has of an endpoint now. Without its namespace, nothing is known of the container's end. */
  inspect(endpoint: Endpoint, namespace: Namespace | undefined): Wiring;
  /** Calls when a host end of ours is gone at another's hand, as when a container ends without DEL; until the signal. */
  watchLinks(gone: () => void, signal: AbortSignal): void;
  /** What the host end of this endpoint is called: always the same, so that a retry finds the same link. */
  hostLinkName(id: EndpointId): string;
  /** MTU of the link that leads out of this node. */
  uplinkMtu(): number;
}

/** An open network namespace. Dispose it when the verb is over. */
export interface Namespace extends Disposable {
  readonly path: string;
  readonly fd: number;
  readonly inode: number;
}

/** A host end of ours in the kernel. */
export interface WiredLink extends EndpointId {
  readonly name: string;
  readonly index: number;
}

/** The way past the stack for packets that the filters would let through anyway. Off until it is opened. */
export interface Shortcut {
  /** Puts it in place, not allowed yet. Throws an Error that says what is missing, with the remedy. */
  open(): void;
  /** Ends it at once, and takes all of it away by and by, what an earlier controller left too. */
  close(): void;
  /** What of others is where packets on it would not come by, asked now: with these peers it may come in over their links. */
  bystanders(peers: readonly PeerPlace[]): Bystanders;
  /** Allows it for the next two seconds, over the links that were looked at last. Not while networks change. */
  allow(): void;
  /** Ends that at once. */
  forbid(): void;
  /** Is it allowed at this moment? */
  isAllowed(): boolean;
  use(): ShortcutUse;
}

/** Who is beside this node. Each throws an Error that says why there is nobody, or nobody that can be told apart. */
export interface Neighbours {
  /** The router on this link, or the only neighbour there: its link-local address. */
  onLink(device: string): Beside;
  /** Where packets of this family go that are for far away. */
  gateway(family: Family): Beside;
}

/** Greets a peer past gobgpd, to find out why there is no session. Never rejects. */
export type Greet = (peer: Peer, speaker: Speaker) => Promise<Greeting>;

/** An address on a link of ours. */
export interface Beside {
  readonly address: Address;
  /** Named only where the address needs it: when it is link-local. */
  readonly device?: string;
}

/** gobgpd: what we announce, and what it has heard. */
export interface Bgp {
  /** Adds or replaces announcements. */
  announce(announcements: readonly Announcement[]): Promise<Failures<Announcement>>;
  /** Withdrawing what is gone succeeds. */
  withdraw(announcements: readonly Announcement[]): Promise<Failures<Announcement>>;
  /**
   * Makes gobgpd's peers exactly the speaker's. Called only once every announcement is in place: a peer that is added
   * before them hears End-of-RIB first and drops our routes.
   * Throws while there is no connection, and an Error that names the peers that gobgpd did not take.
   * @param restarting the datapath was kept over a restart, so peers may keep our routes meanwhile (RFC 4724 R bit)
   */
  admitPeers(speaker: Speaker, restarting: boolean): Promise<void>;
  /** Throws while there is no connection. */
  peers(): Promise<readonly PeerState[]>;
  /** Lets gobgpd open a session again that it has ended because of `maxPrefixes`. Throws when it does not. */
  reopen(peer: Peer): Promise<void>;
  /** Lets a peer whose session stands hear at once what is held back from it after a restart. */
  release(peer: Peer): Promise<void>;
  /** What gobgpd says for us of these prefixes, asked now. Throws while there is no connection. */
  says(prefixes: readonly Prefix[]): Promise<readonly Announcement[]>;
  /**
   * Connects, starts BGP where it is not, listens, and does so again after every loss, until the signal.
   * @param speaker asked at each connection
   */
  run(speaker: () => Speaker, hear: (event: BgpEvent) => void, signal: AbortSignal): Promise<void>;
}

export type BgpEvent =
  /** A connection stands. `announced` is all that gobgpd says for us; `fresh` when it has just been started. */
  | {
      readonly kind: 'connected';
      readonly announced: readonly Announcement[];
      readonly fresh: boolean;
      /** How the gobgpd before this one broke down by itself, as its supervisor says it. Absent: it did not, or nobody knows. */
      readonly crash?: string;
      /** What only a restart of gobgpd changes, as it runs now. */
      readonly running: Running;
    }
  /** What gobgpd says for us, read again now and then: it differs from what was asked only when somebody interfered. */
  | { readonly kind: 'audited'; readonly announced: readonly Announcement[] }
  /**
   * All paths of all peers at this moment: the first thing heard after `connected`, and again whenever a peer has
   * finished its End-of-RIB, before `peers()` says so: then the absence of that peer's paths means something.
   */
  | { readonly kind: 'all-paths'; readonly paths: readonly Path[] }
  | { readonly kind: 'paths'; readonly heard: readonly Path[]; readonly gone: readonly PathName[] }
  /** A peer's session came, went, or finished its End-of-RIB. */
  | { readonly kind: 'peers-changed' }
  | { readonly kind: 'disconnected'; readonly reason: string };

/** Settings of the daemon itself. */
export type Running = Pick<Speaker, 'asn' | 'routerId' | 'listenPort' | 'listenAddresses'>;

/** Endpoint records: one readable file each, gone with a reboot. */
export interface Records {
  /** Every record that can be read; unreadable ones are put aside and named. */
  all(): Promise<{ readonly endpoints: readonly Endpoint[]; readonly unreadable: readonly string[] }>;
  /** Durable when it returns: the whole old or the whole new record, never half. */
  save(endpoint: Endpoint): Promise<void>;
  remove(id: EndpointId): Promise<void>;
  /** Addresses freed a short while ago survive a restart here. */
  freed(): Promise<readonly Address[]>;
  saveFreed(addresses: readonly Address[]): Promise<void>;
}

/** Where it is kept how far a drain is; gone with a reboot. */
export interface DrainStore {
  load(): DrainRecord | undefined;
  save(record: DrainRecord | undefined): void;
}

/** Time that only goes forward. */
export interface Clock {
  /** Milliseconds since some start. */
  now(): number;
  /** Calls once after so many milliseconds; returns how to call it off. */
  after(milliseconds: number, call: () => void): () => void;
}
