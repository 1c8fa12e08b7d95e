/**
 * What others have in the kernel where packets on the shortcut do not come by. Cheap: chains are read only when they may have
 * changed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { LOCAL_TABLE, MAIN_TABLE } from '../model/route.js';
import type { Bystanders, Chain } from '../model/shortcut.js';
import {
  AF_INET,
  AF_INET6,
  allChainsDump,
  type BaseChain,
  baseChainIn,
  decodeRule,
  dumpRules,
  generation,
  NETLINK_NETFILTER,
  NETLINK_XFRM,
  NetlinkSocket,
  policyCount,
  type Rule,
  RuleAction,
} from '../netlink/index.js';
import { TABLE } from './filters-ruleset.js';
import { isOurs } from './rules.js';

/** linux/netfilter.h: NFPROTO_*. */
const FAMILIES: Readonly<Record<number, Chain['family']>> = {
  1: 'inet',
  2: 'ip',
  3: 'arp',
  5: 'netdev',
  7: 'bridge',
  10: 'ip6',
};
const LEGACY = { iptables: 'ip_tables_names', ip6tables: 'ip6_tables_names' };
/** Of /proc/net/ip_vs: what stands there before the first service. */
const IPVS_HEADER = 3;
const DEFAULT_TABLE = 253;
/** The rules that every host has, by table. */
const KERNELS = new Map([
  [LOCAL_TABLE, 0],
  [MAIN_TABLE, 32766],
  [DEFAULT_TABLE, 32767],
]);

export class BystandersReader implements Disposable {
  readonly #nft = new NetlinkSocket(NETLINK_NETFILTER);
  /** Undefined: the kernel has no IPsec. */
  readonly #xfrm = xfrmSocket();
  readonly #route: NetlinkSocket;
  readonly #rulePriority: number;
  #seen: { readonly generation: number; readonly chains: readonly Chain[] } | undefined;

  /** In the calling thread's network namespace. */
  constructor(route: NetlinkSocket, rulePriority: number) {
    this.#route = route;
    this.#rulePriority = rulePriority;
  }

  /** All but those on links. */
  read(): Omit<Bystanders, 'links'> {
    const rules = [AF_INET, AF_INET6].flatMap((family) => this.#route.dump(dumpRules(family), decodeRule));
    const ours = isOurs(this.#rulePriority);
    return {
      chains: this.#chains(),
      legacy: Object.entries(LEGACY).flatMap(([tool, file]) => linesOf(file).map((table) => `${tool} ${table}`)),
      rules: rules
        .filter((rule) => !ours(rule) && !isKernels(rule))
        .map(({ family, priority }) => ({ family: family === AF_INET ? 4 : 6, priority })),
      ipsec: this.#xfrm !== undefined && policyCount(this.#xfrm) > 0,
      ipvs: linesOf('ip_vs').length > IPVS_HEADER,
    };
  }

  [Symbol.dispose](): void {
    this.#nft.close();
    this.#xfrm?.close();
  }

  /** Whatever changes meanwhile makes another generation, so it is read next time. */
  #chains(): readonly Chain[] {
    const now = generation(this.#nft);
    if (this.#seen?.generation !== now) {
      this.#seen = { generation: now, chains: this.#nft.dump(allChainsDump(), baseChainIn).map(chainOf) };
    }
    return this.#seen.chains;
  }
}

function xfrmSocket(): NetlinkSocket | undefined {
  try {
    return new NetlinkSocket(NETLINK_XFRM, 0);
  } catch {
    return undefined;
  }
}

function chainOf({ family, table, name, hook, type }: BaseChain): Chain {
  const known = FAMILIES[family] ?? 'netdev';
  return { family: known, table, name, hook, isOurs: known === 'inet' && table === TABLE, isNat: type === 'nat' };
}

function isKernels({ priority, action, table, mark }: Rule): boolean {
  return action === RuleAction.lookup && mark === 0 && KERNELS.get(table) === priority;
}

/** Of this network namespace; without the module there is no file. */
function linesOf(file: string): string[] {
  const path = `/proc/thread-self/net/${file}`;
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
