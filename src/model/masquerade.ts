/** May the containers of a network go out under the node's address? */
import { lengthOf } from './address.js';
import type { Network } from './network.js';

/** Why not, and what to do about it; undefined when nothing is in the way. */
export function masqueradeObstacle({
  name,
  egress,
  prefixes,
  allow,
}: Pick<Network, 'name' | 'egress' | 'prefixes' | 'allow'>): string | undefined {
  if (egress !== 'host') {
    return `nothing of "${name}" leaves by the node's own routes, so there is nothing to masquerade; give it egress: host`;
  }
  if (prefixes.length === 0) {
    return `"${name}" names no prefixes, so nobody can tell containers, who must see each other's own addresses, from the rest; name its prefixes`;
  }
  const wholeWorld = allow.find((prefix) => lengthOf(prefix) === 0);
  if (wholeWorld === undefined) return undefined;
  return `"${name}" allows the default route ${wholeWorld}, by which everything leaves with the container's own address; keep one of the two`;
}
