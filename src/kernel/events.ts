/**
 * What changes in the kernel behind our back, in the reconciler's words.
 *
 * Linux is silent about much: when a link goes down, or loses its last address of a family, the IPv4 routes on it vanish
 * without an event each. So whatever may have taken routes along counts as `lost`: read everything again.
 */
import {
  decodeAddress,
  decodeLink,
  decodeLinkHead,
  decodeRoute,
  decodeRule,
  dumpLinks,
  Group,
  IFF_UP,
  type Link,
  listen,
  listenToTable,
  type Message,
  type NetlinkSocket,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from '../netlink/index.js';
import type { KernelEvent } from '../ports.js';
import type { Filters } from './filters.js';
import { TABLE } from './filters-ruleset.js';
import type { OurRoutes } from './our-routes.js';
import { DOOMED_GROUP, LINK_PREFIX, PROTOCOL } from './ours.js';
import { Devices, routeOf } from './route-entry.js';
import { isOurs } from './rules.js';

/** Whom to ask, and whose events to leave out. */
export interface Watched {
  readonly socket: NetlinkSocket;
  readonly ownPorts: readonly number[];
  readonly routes: OurRoutes;
  readonly filters: Pick<Filters, 'changed' | 'port'>;
  readonly rulePriority: number;
}

/** The generation of the filters is looked at as well, whatever the events said. */
const FILTERS_INTERVAL_MS = 1000;
const GROUPS = Object.values(Group);

/** Tells `hear` of every change that is not ours, until the signal. */
export function watchKernel(watched: Watched, hear: (event: KernelEvent) => void, signal: AbortSignal): void {
  const links = watched.socket.dump(dumpLinks('veth'), decodeLink).filter(isOurLink);
  const ownLinks = new Set(links.map(({ index }) => index));
  const subscription = { groups: GROUPS, ignorePorts: watched.ownPorts, routeProtocol: PROTOCOL };
  listen(
    subscription,
    {
      hear: (message) => {
        const event = eventOf(message, watched, ownLinks);
        if (event) hear(event);
      },
      lost: () => hear({ kind: 'lost', why: 'events-dropped' }),
    },
    signal,
  );
  watchFilters(watched.filters, hear, signal);
}

/** Tells of every route that comes, changes or goes and is not ours, until the signal. */
export function watchForeignRoutes(
  ownPorts: readonly number[],
  hear: (event: KernelEvent) => void,
  signal: AbortSignal,
): void {
  const groups = [Group.ipv4Route, Group.ipv6Route];
  listen(
    { groups, ignorePorts: ownPorts, routeProtocol: PROTOCOL, othersRoutes: true },
    {
      hear: (message) => hear({ kind: 'foreign-route', prefix: routeOf(decodeRoute(message), new Devices()).prefix }),
      lost: () => hear({ kind: 'lost', why: 'events-dropped' }),
    },
    signal,
  );
}

function watchFilters(
  filters: Pick<Filters, 'changed' | 'port'>,
  hear: (event: KernelEvent) => void,
  signal: AbortSignal,
): void {
  const look = () => {
    if (filters.changed()) hear({ kind: 'lost', why: 'filters-touched' });
  };
  listenToTable(TABLE, [filters.port], look, signal);
  const timer = setInterval(look, FILTERS_INTERVAL_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}

function eventOf(message: Message, { routes, rulePriority }: Watched, ownLinks: Set<number>): KernelEvent | undefined {
  switch (message.type) {
    case RTM_NEWROUTE:
      return { kind: 'route-added', route: routes.noticed(decodeRoute(message)) };
    case RTM_DELROUTE:
      return { kind: 'route-removed', route: routes.noticed(decodeRoute(message)) };
    case RTM_NEWRULE:
    case RTM_DELRULE:
      return isOurs(rulePriority)(decodeRule(message)) ? { kind: 'lost', why: 'rules-touched' } : undefined;
    case RTM_NEWADDR:
      return ownLinks.has(decodeAddress(message).index) ? undefined : { kind: 'links-changed' };
    case RTM_DELADDR:
      return ownLinks.has(decodeAddress(message).index) ? undefined : { kind: 'lost', why: 'links-gone' };
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return linkEvent(message, ownLinks);
    default:
      return undefined;
  }
}

/** Our own links are born and removed by us all the time; only their end at another's hand is news. */
function linkEvent(message: Message, ownLinks: Set<number>): KernelEvent | undefined {
  const head = decodeLinkHead(message);
  const gone = message.type === RTM_DELLINK;
  if (!gone && !wentDown(head) && ownLinks.has(head.index)) return undefined;
  const link = decodeLink(message);
  const event: KernelEvent = gone || wentDown(link) ? { kind: 'lost', why: 'links-gone' } : { kind: 'links-changed' };
  if (!isOurLink(link)) return event;
  if (gone) ownLinks.delete(link.index);
  else ownLinks.add(link.index);
  return event.kind === 'lost' && link.group !== DOOMED_GROUP ? event : undefined;
}

/** A link that has just been made says that all its flags changed. */
const JUST_MADE = 0xffff_ffff;

function wentDown({ flags, changed }: Pick<Link, 'flags' | 'changed'>): boolean {
  return changed !== JUST_MADE && (changed & IFF_UP) !== 0 && (flags & IFF_UP) === 0;
}

function isOurLink({ name }: Link): boolean {
  return name.startsWith(LINK_PREFIX);
}
