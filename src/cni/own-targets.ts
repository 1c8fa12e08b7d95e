/**
 * The targets that an ADD asks for, and the name of the network that is made of them (decide/own-network.ts says which).
 *
 * The name is the base's and a hash of what is asked for, so that endpoints that ask for the same meet in one network, also
 * after a restart, and nobody can ask for something else that has the same name.
 */
import { hash } from 'node:crypto';
import { type Asked, asksForOwn, baseOf, freeTable, targetRefusal } from '../decide/own-network.js';
import type { Endpoint, TargetWish } from '../model/endpoint.js';
import { MADE_FROM, type Network, type Networks } from '../model/network.js';
import type { RouteTarget } from '../model/route-target.js';
import { hashedTable } from '../model/table.js';
import { CniError, CODE } from './cni-error.js';

interface Targets {
  readonly importTargets: readonly RouteTarget[] | undefined;
  readonly exportTargets: readonly RouteTarget[] | undefined;
}

/** What one source asks for. */
export function wishOf({ importTargets, exportTargets }: Targets): TargetWish {
  return {
    ...(importTargets && { imports: importTargets }),
    ...(exportTargets && { exports: exportTargets }),
  };
}

/** Of one container: `args.cni` speaks before CNI_ARGS, direction by direction. */
export function containerWish(argsCni: Targets, args: Targets): TargetWish {
  return { ...wishOf(args), ...wishOf(argsCni) };
}

/** Where an endpoint belongs, and the network that was asked for: its addresses come from there. */
export interface Place {
  readonly base: Omit<Network, 'table'>;
  readonly membership: Pick<Endpoint, 'network' | 'own'>;
}

/**
 * Where an endpoint with these wishes belongs. Throws CniError 7 for what the node's configuration does not allow.
 * @param networks those of the configuration, and those that endpoints have for themselves
 */
export function placeFor(networks: Networks, asked: Asked): Place {
  const refused = targetRefusal(networks, asked);
  if (refused) throw new CniError(CODE.invalidConfig, refused.reason, refused.remedy);
  const base = baseOf(networks, asked.base)!;
  if (!asksForOwn(networks, asked)) return { base, membership: { network: asked.base } };
  const digest = hash('sha256', canonical(asked), 'buffer');
  const network = `${asked.base}${MADE_FROM}${digest.toString('hex', 0, 8)}`;
  const table =
    networks.byName.get(network)?.table ?? freeTable(hashedTable(digest.readUInt32BE(8)), tablesOf(networks));
  return { base, membership: { network, own: { ...asked, table } } };
}

/** Equal for wishes that differ in nothing but order. */
function canonical({ byNetConf, byContainer }: Asked): string {
  const sorted = ({ imports, exports }: TargetWish) => [imports, exports].map((list) => list && [...list].sort());
  return JSON.stringify([byNetConf, byContainer].map(sorted));
}

function tablesOf({ byName }: Networks): ReadonlySet<number> {
  return new Set([...byName.values()].map(({ table }) => table));
}
