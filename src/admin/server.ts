/**
 * The admin socket: HTTP on a unix socket in the 0700 run directory. The CLI is its client. What only asks is a GET, what
 * changes something a POST; answers are JSON, but for the metrics, which are Prometheus' text.
 */

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { duplicateSentence } from '../decide/duplicate.js';
import { type Quota, quotaSentence } from '../decide/quota.js';
import { address, contains, hostPrefix, type Prefix, prefix } from '../model/address.js';
import type { Duty } from '../model/duty.js';
import { type ListenRange, type Peer, type PeerState, peerKey, type SoughtPeer } from '../model/peer.js';
import type { ShortcutStanding } from '../model/shortcut.js';
import type { Bgp } from '../ports.js';
import type { Drain } from '../reconcile/drain.js';
import type { RefusalCount } from '../reconcile/refusals.js';
import type { Routing } from '../reconcile/routing.js';
import type { ShortcutCare } from '../reconcile/shortcut-care.js';
import { cameBy } from '../reconcile/standing.js';
import { explain } from './explain.js';
import { networksView } from './networks-view.js';
import { endpointViews, routeViews } from './views.js';

export interface AdminParts {
  readonly nodeName: string;
  readonly routing: Routing;
  readonly bgp: Bgp;
  readonly drain: Drain;
  readonly shortcut: Pick<ShortcutCare, 'standing'>;
  /** All metrics now, as text. */
  readonly metrics: () => Promise<string>;
  /** Why metrics are not served over TCP, though they should be. */
  readonly unserved: () => string | undefined;
}

export interface StatusView {
  readonly node: string;
  readonly asn: number;
  readonly routerId: string;
  readonly gobgp: 'up' | 'away';
  /** Why gobgpd is away. */
  readonly reason?: string;
  /** Those of the configuration, and those that stand and came by a range. */
  readonly peers: readonly PeerView[];
  readonly ranges: readonly RangeView[];
  /** What of the configuration gobgpd has not taken, a sentence each. */
  readonly troubles: readonly string[];
  readonly duty: Duty;
  readonly networks: readonly string[];
  readonly endpoints: number;
  readonly announced: number;
  /** What the guards refuse, by peer and reason. */
  readonly refused: readonly RefusalCount[];
  /** Every limit on heard routes, and how full it is. */
  readonly quotas: readonly (Quota & { readonly says?: string })[];
  /** A sentence each: addresses of our endpoints that another node announces too. */
  readonly duplicates: readonly string[];
  readonly shortcut: ShortcutStanding;
  /** Why metrics are not served over TCP; absent where they are, or need not be. */
  readonly unserved?: string | undefined;
}

/** A peer of the configuration. Without address: it has not been found. */
export type PeerView = Omit<PeerState, 'address'> & {
  readonly name: string;
  readonly address?: string;
  /** Why it has no session, as far as it is known. */
  readonly reason?: string;
};

/** From where peers may come, and how many of them have a session. */
export interface RangeView {
  readonly name: string;
  readonly prefix: Prefix;
  readonly established: number;
}

const JSON_TYPE = 'application/json';

/** Listens until the signal. The caller holds the run directory's lock, so a socket that is there is stale. */
export async function serveAdmin(socket: string, parts: AdminParts, signal: AbortSignal): Promise<Server> {
  rmSync(socket, { force: true });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://admin');
    respond(request.method, url, parts).then(
      ([type, body]) => response.writeHead(200, { 'content-type': type }).end(body),
      ({ message }: Error) =>
        response.writeHead(400, { 'content-type': JSON_TYPE }).end(JSON.stringify({ error: message })),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  chmodSync(socket, 0o600);
  signal.addEventListener('abort', () => server.close(), { once: true });
  return server;
}

async function respond(method: string | undefined, url: URL, parts: AdminParts): Promise<[type: string, body: string]> {
  if (method !== 'POST' && url.pathname === '/metrics') return ['text/plain', await parts.metrics()];
  return [JSON_TYPE, JSON.stringify(await (method === 'POST' ? act(url, parts) : answer(url, parts)))];
}

async function act(url: URL, { drain }: AdminParts): Promise<unknown> {
  switch (url.pathname) {
    case '/drain':
      return drain.drain(Number(url.searchParams.get('seconds')));
    case '/undrain':
      return drain.undrain().then(() => ({}));
    default:
      throw new Error(`nothing can be done under ${url.pathname}`);
  }
}

async function answer(url: URL, parts: AdminParts): Promise<unknown> {
  switch (url.pathname) {
    case '/status':
      return statusOf(parts);
    case '/endpoints':
      return endpointViews(parts.routing);
    case '/routes':
      return routeViews(parts.routing);
    case '/networks':
      return networksView(parts.routing.networks);
    case '/explain':
      return explain(parts.routing, asked(url.searchParams.get('address') ?? ''));
    default:
      throw new Error(`nothing is known under ${url.pathname}`);
  }
}

/** An address stands for its /32 or /128. */
function asked(text: string): Prefix {
  return text.includes('/') ? prefix(text) : hostPrefix(address(text));
}

async function statusOf({ nodeName, routing, bgp, shortcut, unserved }: AdminParts): Promise<StatusView> {
  const { asn, routerId, peers, sought = [], ranges = [] } = routing.speaker;
  const states = routing.bgpConnected ? await bgp.peers() : [];
  const endpoints = endpointViews(routing);
  const { away, peers: standings } = routing.bgpStanding;
  const reasons = new Map(standings.map(({ name, reason }) => [name, reason]));
  return {
    node: nodeName,
    asn,
    routerId,
    gobgp: away === undefined ? 'up' : 'away',
    ...(away === undefined ? {} : { reason: away }),
    peers: [
      ...[...peers, ...sought].map((peer) => peerView(peer, states, reasons.get(peer.name))),
      ...ranges.flatMap((range) => [...came(range, states), ...keptOut(range, states, routing)]),
    ],
    ranges: ranges.map((range) => ({
      name: range.name,
      prefix: range.prefix,
      established: came(range, states).length,
    })),
    troubles: routing.bgpTroubles,
    duty: routing.duty,
    networks: [...routing.networks.byName.keys()],
    endpoints: endpoints.length,
    announced: endpoints.filter(({ state }) => state === 'announced').length,
    refused: routing.refusals(),
    quotas: routing.quotas().map((quota) => (quota.refused > 0 ? { ...quota, says: quotaSentence(quota) } : quota)),
    duplicates: routing.duplicates().map(duplicateSentence),
    shortcut: shortcut.standing,
    unserved: unserved(),
  };
}

/** Who goes again is not missed: nobody said that it must be there. */
function came(range: ListenRange, states: readonly PeerState[]): PeerView[] {
  return cameBy(range, states).map((state) => ({ ...state, name: range.name }));
}

/** Who has been sent away for a while is missed, and there is a reason. */
function keptOut({ name, prefix }: ListenRange, states: readonly PeerState[], routing: Routing): PeerView[] {
  return states
    .filter(({ cameByRange, overLimit, address }) => cameByRange && overLimit && contains(prefix, address))
    .map((state) => {
      const reason = routing.reasonOf(state.address);
      return { ...state, name, ...(reason !== undefined && { reason }) };
    });
}

function peerView(peer: Peer | SoughtPeer, states: readonly PeerState[], reason: string | undefined): PeerView {
  const { name, asn } = peer;
  const found = 'address' in peer ? peer : undefined;
  const state = found && states.find((one) => peerKey(one) === peerKey(found));
  const unknown = { asn, session: 'unknown' as const, endOfRib: [], ...(found && { address: found.address }) };
  return { ...(state ?? unknown), name, ...(reason !== undefined && { reason }) };
}
