/** What stands below the list of routes: how many of each kind a network has, and refuses. */
import type { RouteView } from '../admin/views.js';

/** A line for each network: `blue: 2 own, 14 imported, 3 no-common-target, 1 martian`. */
export function routeCounts(routes: readonly Pick<RouteView, 'network' | 'verdict'>[]): string[] {
  const networks = new Map<string, Map<string, number>>();
  for (const { network, verdict } of routes) {
    const counts = networks.get(network) ?? new Map<string, number>();
    networks.set(network, counts.set(verdict, (counts.get(verdict) ?? 0) + 1));
  }
  return [...networks].map(([network, counts]) => {
    const said = [...counts].sort(byWeight).map(([verdict, count]) => `${count} ${verdict}`);
    return `${network}: ${said.join(', ')}`;
  });
}

/** What a network has comes before what it refuses, of which the most comes first. */
function byWeight([verdict, count]: [string, number], [other, otherCount]: [string, number]): number {
  const first = ['imported', 'own'];
  return first.indexOf(other) - first.indexOf(verdict) || otherCount - count;
}
