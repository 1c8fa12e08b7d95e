/** gobgpd of node1 stays away until nobody keeps its routes: what each daemon does with them meanwhile (RFC 9494). */
import { until } from '../lab/until.js';
import { addressOf, type Bed, type Peer } from './bed.js';
import { everySession, heardBy, hostRoute } from './witness.js';

const FAMILIES = [4, 6] as const;

/** In seconds after the kill: when a path had LLGR_STALE first, and when it was gone. It was there all the time before. */
export interface LongAbsence {
  readonly staleAfter: number;
  readonly goneAfter: number;
}

/** By family. */
export type Absences = ReadonlyMap<4 | 6, LongAbsence>;

/** Kills node1's gobgpd for as long as one of these daemons keeps its container; then it is back, with every session. */
export async function longAbsence(
  bed: Bed,
  helpers: readonly Peer[],
  container: Readonly<Record<4 | 6, string>>,
): Promise<ReadonlyMap<Peer, Absences>> {
  const node = bed.lab.node('node1');
  await everySession(bed, 'node1');
  for (const peer of helpers) for (const family of FAMILIES) await heardBy(peer, container[family]);
  const killed = performance.now();
  // Its gobgpd ends with it.
  await node.kill('sidecar', 'SIGKILL');
  const watch = async (peer: Peer): Promise<[Peer, Absences]> => {
    const watched = FAMILIES.map(async (family) => [family, await absence(peer, container[family], killed)] as const);
    return [peer, new Map(await Promise.all(watched))];
  };
  try {
    return new Map(await Promise.all(helpers.map(watch)));
  } finally {
    await node.start('sidecar');
  }
}

async function absence({ daemon, place, index }: Peer, container: string, killed: number): Promise<LongAbsence> {
  const from = addressOf('node1', index, container.includes(':') ? 6 : 4, 'node');
  const seconds = () => (performance.now() - killed) / 1000;
  const look = async () => (await daemon.paths(place, hostRoute(container))).find(({ nextHop }) => nextHop === from);
  const what = (deed: string) => ({ what: `${daemon.name} to ${deed} ${container}`, timeout: 60_000 });
  const first = await until(async () => {
    const path = await look();
    return path?.isLongStale || !path ? { isKept: path !== undefined, after: seconds() } : undefined;
  }, what('keep or drop'));
  if (!first.isKept) return { staleAfter: Number.NaN, goneAfter: first.after };
  await until(async () => !(await look()), what('drop in the end'));
  return { staleAfter: first.after, goneAfter: seconds() };
}
