/**
 * Who could hear whom beyond what the configuration says: what CNI configurations and containers may still choose within
 * `allowTargets`, `allowOverride` and `netConfNetworks`. The matrix shows what is, this what others could make of it.
 */
import type { NetConfNetworks, Network, Networks, TargetAllowance } from '../model/network.js';
import { patternsMeet, type TargetPattern, targetPattern } from '../model/target-pattern.js';

/** One that could hear others, or be heard, if somebody chose so. */
export interface Possibility {
  /** A network, or the name that networks of CNI configurations begin with. */
  readonly name: string;
  readonly mayHear: readonly string[];
  readonly mayBeHeardBy: readonly string[];
}

interface Party {
  readonly name: string;
  readonly imports: Choice;
  readonly exports: Choice;
}

/** What is so, and what may be chosen. */
interface Choice {
  readonly given: readonly TargetPattern[];
  readonly free: readonly TargetPattern[];
}

/** Everyone to whom something may be added; whoever is heard already is not named again. */
export function possibilities(networks: Networks): Possibility[] {
  const { byName, host, netConfNetworks = [] } = networks;
  const nobody: Choice = { given: [], free: [] };
  const parties: Party[] = [
    ...[...byName.values()].map(partyOf),
    ...netConfNetworks.map(partyOf),
    { name: 'host', imports: { given: [...host.imports].map(targetPattern), free: [] }, exports: nobody },
  ];
  return parties
    .map((party) => ({
      name: party.name,
      mayHear: parties.filter((other) => mayHear(party, other)).map(({ name }) => name),
      mayBeHeardBy: parties.filter((other) => mayHear(other, party)).map(({ name }) => name),
    }))
    .filter((one) => one.mayHear.length + one.mayBeHeardBy.length > 0);
}

function partyOf(network: Network | NetConfNetworks): Party {
  const given = 'imports' in network ? network : { imports: [], exports: [] };
  const free = (direction: keyof TargetAllowance) =>
    [network.allowTargets, network.allowOverride].flatMap((allowance) => allowance?.[direction] ?? []);
  return {
    name: network.name,
    imports: { given: [...given.imports].map(targetPattern), free: free('imports') },
    exports: { given: given.exports.map(targetPattern), free: free('exports') },
  };
}

function mayHear({ imports }: Party, { exports }: Party): boolean {
  if (meet(imports.given, exports.given)) return false;
  return meet([...imports.given, ...imports.free], [...exports.given, ...exports.free]);
}

function meet(ones: readonly TargetPattern[], others: readonly TargetPattern[]): boolean {
  return ones.some((one) => others.some((other) => patternsMeet(one, other)));
}
