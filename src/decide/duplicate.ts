/** Two nodes say of one address that it is theirs. Ours is never replaced; people have to hear of it. */
import type { Path } from '../model/path.js';

/** One sentence: who else has the address, and what to do. */
export function duplicateSentence({ prefix, peer, nextHop, asPath }: Path): string {
  const origin = asPath.length > 0 ? `AS ${asPath.at(-1)}` : 'our own AS';
  return (
    `duplicate address: ${prefix} is an endpoint of this node, and a node in ${origin} announces it too ` +
    `(heard from ${peer}, next hop ${nextHop}); the endpoint here stays; remove one of the two`
  );
}
