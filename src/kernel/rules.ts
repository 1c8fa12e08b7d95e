/**
 * The rules that lead each network to its table. The filters put the number of the table into a packet's mark.
 *
 *     P    fwmark T  lookup T
 *     P+1  fwmark T  lookup main suppress_ifgroup G    egress `host` only: the main table without our own host ends
 *     P+2  fwmark T  unreachable                       nothing else is ever asked
 *
 * The main table holds a route to every endpoint of this node, because the host reaches them all. A network that goes on
 * to it may not: what it would find out of a host end does not count.
 */
import type { Networks } from '../model/network.js';
import { MAIN_TABLE } from '../model/route.js';
import {
  AF_INET,
  AF_INET6,
  addRule,
  decodeRule,
  deleteRule,
  dumpRules,
  Errno,
  type NetlinkSocket,
  type Rule,
  RuleAction,
} from '../netlink/index.js';
import { HOST_END_GROUP, MARK_MASK, PROTOCOL } from './ours.js';

const FAMILIES = [AF_INET, AF_INET6];

/** Makes our rules exactly those of the networks: what is missing is added before what is surplus goes. */
export function putRules(socket: NetlinkSocket, networks: Networks, priority: number): void {
  const wanted = wantedRules(networks, priority);
  const found = FAMILIES.flatMap((family) => socket.dump(dumpRules(family), decodeRule)).filter(isOurs(priority));
  const [wantedKeys, foundKeys] = [new Set(wanted.map(ruleKey)), new Set(found.map(ruleKey))];
  const missing = wanted.filter((rule) => !foundKeys.has(ruleKey(rule)));
  const surplus = found.filter((rule) => !wantedKeys.has(ruleKey(rule)));
  for (const [index, error] of socket.batch(missing.map(addRule))) {
    if (error.errno !== Errno.EEXIST) throw refused('add', missing[index]!, error);
  }
  for (const [index, error] of socket.batch(surplus.map(deleteRule))) {
    if (error.errno !== Errno.ENOENT) throw refused('remove', surplus[index]!, error);
  }
}

/** The rules of these networks, in both IP versions. */
export function wantedRules(networks: Networks, priority: number): Rule[] {
  return [...networks.byName.values()].flatMap(({ table, egress }) =>
    FAMILIES.flatMap((family) => {
      const caught = { family, mark: table, mask: MARK_MASK, protocol: PROTOCOL };
      const lookup: Rule = { ...caught, priority, action: RuleAction.lookup, table };
      const main: Rule = { ...lookup, priority: priority + 1, table: MAIN_TABLE, suppressGroup: HOST_END_GROUP };
      const stop: Rule = { ...caught, priority: priority + 2, action: RuleAction.unreachable, table: 0 };
      return egress === 'isolated' ? [lookup, stop] : [lookup, main, stop];
    }),
  );
}

/** Is a rule one of ours? */
export function isOurs(priority: number): (rule: Rule) => boolean {
  return (rule) => rule.protocol === PROTOCOL && rule.priority >= priority && rule.priority <= priority + 2;
}

function ruleKey({ family, priority, mark, mask, action, table, suppressGroup }: Rule): string {
  return [family, priority, mark, mask, action, table, suppressGroup].join(' ');
}

function refused(verb: string, rule: Rule, cause: Error): Error {
  const version = rule.family === AF_INET ? 'IPv4' : 'IPv6';
  return new Error(`cannot ${verb} the ${version} rule of table ${rule.mark}: ${cause.message}`, { cause });
}
