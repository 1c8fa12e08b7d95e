/** Who may reach whom, as plain data and as words: of the running configuration, or of one that is only proposed. */
import { type Possibility, possibilities } from '../decide/possible.js';
import { type Pair, type Relation, reachability } from '../decide/reachability.js';
import type { Networks } from '../model/network.js';

export interface NetworksView {
  readonly names: readonly string[];
  readonly pairs: readonly Pair[];
  /** What CNI configurations and containers may add to it. */
  readonly possible: readonly Possibility[];
}

export function networksView(networks: Networks): NetworksView {
  return {
    names: [...networks.byName.keys(), 'host'],
    pairs: reachability(networks),
    possible: possibilities(networks),
  };
}

const ONE_WAY: Record<Relation, string> = { both: 'yes', none: '-', forth: 'one-way>', back: '<one-way' };

/** A cell of the matrix: one word where both places agree, else what holds on this node, then between nodes. */
export function cellOf({ here, elsewhere }: Pair): string {
  return here === elsewhere ? ONE_WAY[here] : `${ONE_WAY[here]}/${ONE_WAY[elsewhere]}`;
}

/** One line for each to whom somebody may add something, after the matrix. */
export function possibleLines({ possible }: NetworksView): string[] {
  const lines = possible.map(({ name, mayHear, mayBeHeardBy }) => {
    const [hear, heard] = [mayHear, mayBeHeardBy].map((names) => names.join(', '));
    return `  ${name} may${[hear && ` hear ${hear}`, heard && ` be heard by ${heard}`].filter(Boolean).join(', and')}`;
  });
  return lines.length === 0 ? [] : ['', 'what CNI configurations and containers may choose besides:', ...lines];
}

/** What stands below the matrix. */
export const LEGEND = [
  'a row is who begins; yes: packets pass both ways; one-way: a route in this direction alone, so nothing passes',
  'a/b: a between endpoints of this node, b to those of other nodes, taken to have the same networks',
];
