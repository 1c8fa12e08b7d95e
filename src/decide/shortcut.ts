/**
 * May packets go past the stack? Only where nobody would miss them there: others' rules, translated addresses and connection
 * tracking do not see a packet on the shortcut, so a single chain of theirs on its way ends it for all.
 */
import type { Bystanders, Chain } from '../model/shortcut.js';

/** Hooks of `inet`, `ip` and `ip6` that are not on the way of a forwarded packet: what the host itself gets and sends. */
const HOST_HOOKS = [1, 3];

/** What forbids the shortcut, in words; undefined: nothing does. */
export function inTheWay({ chains, legacy, rules, ipsec, ipvs, links }: Bystanders): string | undefined {
  const foreign = chains.find((chain) => !chain.isOurs && isOnTheWay(chain));
  if (foreign)
    return `nftables table "${foreign.family} ${foreign.table}" has chain "${foreign.name}" on the way of packets`;
  if (chains.some(({ isOurs, isNat }) => isOurs && isNat)) return 'an endpoint or a network has ipMasq';
  if (legacy[0] !== undefined) return `iptables-legacy has a table: ${legacy[0]}`;
  if (ipsec) return 'there are IPsec policies';
  if (ipvs) return 'IPVS has services';
  if (links[0] !== undefined) return `somebody filters what comes in by ${links[0]} (tc, or BPF)`;
  const [rule] = rules;
  return rule && `an ip rule of somebody else, priority ${rule.priority} of IPv${rule.family}`;
}

/** Bridges and ARP are not on it. */
function isOnTheWay({ family, hook }: Chain): boolean {
  if (family === 'netdev') return true;
  return family !== 'bridge' && family !== 'arp' && !HOST_HOOKS.includes(hook);
}
