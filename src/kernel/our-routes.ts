/**
 * Our routes in the kernel: the entries with protocol 32, in whatever table.
 *
 * Ours have a metric of their own (see ours.ts). An entry with our protocol and another metric is a stray: somebody wrote
 * it by hand, or an older version of us. It is listed, since traffic follows it, and goes when its route is put or removed.
 */
import { type Route, routeKey } from '../model/route.js';
import {
  AF_INET,
  AF_INET6,
  decodeRoute,
  deleteRoute,
  dumpRoutes,
  Errno,
  NETLINK_ROUTE,
  NetlinkError,
  NetlinkSocket,
  putRoute,
  type Request,
} from '../netlink/index.js';
import type { Failures } from '../ports.js';
import { METRIC, PROTOCOL } from './ours.js';
import { Devices, entryOf, placeOf, routeOf } from './route-entry.js';
import { turn } from './turn.js';

/** About 10 ms of work; then the event loop has its turn. */
const ROUTES_PER_TURN = 2048;
const DATAGRAMS_PER_TURN = 8;
const LIST_ATTEMPTS = 20;

type Entry = ReturnType<typeof decodeRoute>;

export class OurRoutes {
  readonly #socket: NetlinkSocket;
  /** Metrics of strays by the key of their route, lowest first. */
  #strays = new Map<string, readonly number[]>();

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Every route of ours. Where a stray hides ours, the stray: it is what packets follow. */
  async list(): Promise<Route[]> {
    const [found4, found6] = [await this.#found(AF_INET), await this.#found(AF_INET6)];
    const strays = [...found4.strays, ...found6.strays];
    this.#strays = new Map();
    for (const { route, metric } of strays) this.#noticeStray(routeKey(route), metric);
    const ours = found4.ours.concat(found6.ours);
    return strays.length === 0 ? ours : withStrays(ours, strays);
  }

  /** The route of an entry that an event told about. */
  noticed(entry: Entry): Route {
    const route = routeOf(entry, new Devices());
    this.#noticeStray(routeKey(route), entry.metric);
    return route;
  }

  /** Adds or replaces ours, and clears strays of the same route away. */
  async put(routes: readonly Route[]): Promise<Failures<Route>> {
    const failures = await this.#putOurs(routes);
    const strayed = routes.filter((route) => this.#strays.has(routeKey(route)) && !failures.has(route));
    if (strayed.length === 0) return failures;
    this.#removeStrays(strayed);
    // Removing a stray of metric 0 removes whatever comes first: ours, if the stray had gone by itself. So once more.
    return new Map([...failures, ...(await this.#putOurs(strayed))]);
  }

  /** Removes ours and strays. */
  async remove(routes: readonly Route[]): Promise<Failures<Route>> {
    this.#removeStrays(routes);
    const failures = await this.#each(routes, (route) => deleteRoute(placeOf(route)));
    for (const [route, error] of failures) if (isGone(error.cause)) failures.delete(route);
    return failures;
  }

  #putOurs(routes: readonly Route[]): Promise<Map<Route, Error>> {
    const devices = new Devices();
    return this.#each(routes, (route) => putRoute(entryOf(route, devices)));
  }

  async #each(routes: readonly Route[], request: (route: Route) => Request): Promise<Map<Route, Error>> {
    const failures = new Map<Route, Error>();
    const fail = (route: Route, cause: unknown) => failures.set(route, refused(route, cause));
    for (let at = 0; at < routes.length; at += ROUTES_PER_TURN) {
      if (at > 0) await turn();
      const requests: Request[] = [];
      const asked: Route[] = [];
      for (const route of routes.slice(at, at + ROUTES_PER_TURN)) {
        try {
          requests.push(request(route));
          asked.push(route);
        } catch (error) {
          fail(route, error);
        }
      }
      for (const [index, error] of this.#socket.batch(requests)) fail(asked[index]!, error);
    }
    return failures;
  }

  #noticeStray(key: string, metric: number): void {
    if (metric === METRIC) return;
    const known = new Set(this.#strays.get(key)).add(metric);
    this.#strays.set(
      key,
      [...known].sort((a, b) => a - b),
    );
  }

  #removeStrays(routes: readonly Route[]): void {
    if (this.#strays.size === 0) return;
    const strays = routes.flatMap((route) => {
      const metrics = this.#strays.get(routeKey(route)) ?? [];
      this.#strays.delete(routeKey(route));
      return metrics.map((metric) => deleteRoute({ ...placeOf(route), metric }));
    });
    this.#socket.batch(strays); // one that is gone is fine, one that stays is listed again
  }

  /** On a socket of its own, since other work goes on between the parts. Anew when the table changed in mid-dump. */
  async #found(family: number): Promise<Found> {
    using socket = new NetlinkSocket(NETLINK_ROUTE);
    for (let attempt = 1; attempt <= LIST_ATTEMPTS; attempt++) {
      const [ours, strays, devices]: [Route[], Stray[], Devices] = [[], [], new Devices()];
      let [parts, torn] = [0, false];
      for (const part of socket.dumpParts(dumpRoutes({ family, protocol: PROTOCOL }))) {
        torn ||= part.torn;
        for (const entry of part.messages.map(decodeRoute)) {
          if (entry.protocol !== PROTOCOL) continue;
          const route = routeOf(entry, devices);
          if (entry.metric === METRIC) ours.push(route);
          else strays.push({ route, metric: entry.metric });
        }
        if (++parts % DATAGRAMS_PER_TURN === 0) await turn();
      }
      if (!torn) return { ours, strays };
    }
    throw new NetlinkError(Errno.EBUSY, `the routes changed during ${LIST_ATTEMPTS} dumps`);
  }
}

/** What a dump found. */
interface Found {
  readonly ours: readonly Route[];
  readonly strays: readonly Stray[];
}

/** A route with our protocol, and a metric that is not ours. */
interface Stray {
  readonly route: Route;
  readonly metric: number;
}

/** One route a key: of several, that of the lowest metric. */
function withStrays(ours: readonly Route[], strays: readonly Stray[]): Route[] {
  const all = [...ours.map((route) => ({ route, metric: METRIC })), ...strays];
  const byKey = new Map<string, Stray>();
  for (const each of all) {
    const key = routeKey(each.route);
    const other = byKey.get(key);
    if (!other || each.metric < other.metric) byKey.set(key, each);
  }
  return [...byKey.values()].map(({ route }) => route);
}

function isGone(cause: unknown): boolean {
  return cause instanceof NetlinkError && [Errno.ESRCH, Errno.ENOENT].some((errno) => errno === cause.errno);
}

function refused(route: Route, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${route.prefix} in table ${route.table}: ${reason}`, { cause });
}
