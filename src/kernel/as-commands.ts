/**
 * Every change of ours as the command that does the same: for logs, for `slash32 explain`, and for people who must do it
 * by hand. Words are quoted for a shell where they need it, since an interface may be called `é` or `-eth0`.
 */
import { type Address, bitsOf, familyOf, type Prefix } from '../model/address.js';
import { type Endpoint, hasIpv6 } from '../model/endpoint.js';
import { type Gateways, gatewayOf, gatewaysFor, type Networks } from '../model/network.js';
import type { NextHop, Route } from '../model/route.js';
import { AF_INET, type Rule, RuleAction } from '../netlink/index.js';
import { aliasOf } from './alias.js';
import { METRIC_OF_NONE } from './gateways.js';
import { HOST_END_GROUP, METRIC, PROTOCOL, RULE_PRIORITY } from './ours.js';
import { wantedRules } from './rules.js';

/** `ip route replace 10.20.2.0/24 table 1001 proto 32 metric 3232 via 192.0.2.0` */
export function putRouteCommand(route: Route): string {
  const [only] = route.nextHops;
  const type = only ? [] : ['blackhole'];
  const way =
    route.nextHops.length === 1 && only
      ? hopWords(only, route.prefix)
      : route.nextHops.flatMap((hop) => ['nexthop', ...hopWords(hop, route.prefix)]);
  return shell([
    'ip',
    ...version(route.prefix),
    'route',
    'replace',
    ...type,
    ...placeWords(route),
    'metric',
    `${METRIC}`,
    ...way,
  ]);
}

/** `ip route del 10.20.2.0/24 table 1001 proto 32` */
export function removeRouteCommand(route: Pick<Route, 'table' | 'prefix'>): string {
  return shell(['ip', ...version(route.prefix), 'route', 'del', ...placeWords(route)]);
}

/** Sysctls and rules of the networks. The filters print their own. */
export function separateCommands(networks: Networks, gateways: Gateways, priority = RULE_PRIORITY): string[] {
  return [
    'sysctl -w net/ipv4/ip_forward=1',
    'sysctl -w net/ipv4/conf/all/src_valid_mark=1',
    'sysctl -w net/ipv6/conf/all/forwarding=1',
    gatewayCommand(gateways.v4, 'lo', `${METRIC}`),
    ...wantedRules(networks, priority).map(ruleCommand),
  ];
}

/** The host's side of an endpoint, step by step as `Wire.connect` does it. */
export function connectCommands(endpoint: Endpoint, gateways: Gateways): string[] {
  return [pairCommand(endpoint), ...hostCommands(endpoint), ...upCommands(endpoint, gateways)];
}

export function disconnectCommand({ link }: { readonly link: Pick<Endpoint['link'], 'name'> }): string {
  return shell(['ip', 'link', 'del', 'dev', link.name]);
}

function pairCommand({ link, ifname, mac, mtu, netns }: Endpoint): string {
  const end = (name: string, address: string) =>
    `name ${name} numtxqueues 1 numrxqueues 1 mtu ${mtu} address ${address}`.split(' ');
  return shell([
    'ip',
    'link',
    'add',
    ...end(link.name, link.mac),
    'type',
    'veth',
    'peer',
    ...end(ifname, mac),
    'netns',
    netns,
  ]);
}

function hostCommands(endpoint: Endpoint): string[] {
  const { link, addresses, mac } = endpoint;
  const v6 = hasIpv6(endpoint);
  const set = (path: string, value: number) => shell(['sysctl', '-w', `net/${path}=${value}`]);
  return [
    ...(v6 ? [set(`ipv6/conf/${link.name}/disable_ipv6`, 0)] : []),
    set(`ipv6/conf/${link.name}/accept_ra`, 0),
    set(`ipv6/conf/${link.name}/accept_redirects`, 0),
    set(`ipv4/conf/${link.name}/accept_redirects`, 0),
    set(`ipv4/conf/${link.name}/send_redirects`, 0),
    set(`ipv4/conf/${link.name}/rp_filter`, 1),
    shell(['ip', 'link', 'set', 'dev', link.name, 'addrgenmode', 'none']),
    shell(['ip', 'link', 'set', 'dev', link.name, 'group', `${HOST_END_GROUP}`]),
    shell(['ip', 'link', 'set', 'dev', link.name, 'alias', aliasOf(endpoint)]),
    ...addresses.map((own) => shell(['ip', ...neighbourWords(own, mac, link.name)])),
  ];
}

/** The container's side, as `Wire.furnish` does it. */
export function furnishCommands({ netns, ifname, addresses, routes, link }: Endpoint, gateways: Gateways): string[] {
  const inside = (...words: readonly string[]) => shell(['nsenter', `--net=${netns}`, ...words]);
  const used = gatewaysFor(addresses, gateways);
  const route = (to: string, ...way: string[]) =>
    inside('ip', ...version(to), 'route', 'add', to, ...way, 'dev', ifname);
  const sourceOf = (to: Prefix) => addresses.find((own) => familyOf(own) === familyOf(to));
  return [
    ...(used.includes(gateways.v6) ? [inside('sysctl', '-w', `net/ipv6/conf/${ifname}/disable_ipv6=0`)] : []),
    inside('ip', 'link', 'set', 'dev', ifname, 'addrgenmode', 'none'),
    ...addresses.map((own) =>
      inside('ip', 'addr', 'add', `${own}/${bitsOf(own)}`, 'dev', ifname, ...(familyOf(own) === 6 ? ['nodad'] : [])),
    ),
    inside('ip', 'link', 'set', 'dev', ifname, 'up'),
    ...used.map((gateway) => route(gateway, ...(familyOf(gateway) === 4 ? ['scope', 'link'] : []))),
    ...used.map((gateway) => inside('ip', ...neighbourWords(gateway, link.mac, ifname))),
    ...routes.map((to) => {
      const source = sourceOf(to);
      return route(to, 'via', gatewayOf(gateways, familyOf(to)), ...(source ? ['src', source] : []));
    }),
  ];
}

function upCommands(endpoint: Endpoint, { v6 }: Gateways): string[] {
  const { name } = endpoint.link;
  const metric = `$((${METRIC_OF_NONE} - $(ip -o link show dev ${shell([name])} | cut -d: -f1)))`;
  return [
    shell(['ip', 'link', 'set', 'dev', name, 'up']),
    ...(hasIpv6(endpoint) ? [gatewayCommand(v6, name, metric)] : []),
  ];
}

/** @param metric as the shell shall read it */
function gatewayCommand(gateway: Address, device: string, metric: string): string {
  const words = ['route', 'replace', 'local', gateway, 'dev', device, 'table', 'local', 'proto', 'kernel', 'metric'];
  return `${shell(['ip', ...version(gateway), ...words])} ${metric}`;
}

function ruleCommand({ family, priority, mark, mask, action, table, suppressGroup }: Rule): string {
  const suppress = suppressGroup === undefined ? [] : ['suppress_ifgroup', `${suppressGroup}`];
  const verdict = action === RuleAction.lookup ? ['lookup', `${table}`, ...suppress] : ['type', 'unreachable'];
  const words = [
    'rule',
    'add',
    'priority',
    `${priority}`,
    'fwmark',
    `${mark}/${mask}`,
    ...verdict,
    'protocol',
    `${PROTOCOL}`,
  ];
  return shell(['ip', ...(family === AF_INET ? [] : ['-6']), ...words]);
}

function neighbourWords(ip: string, mac: string, device: string): string[] {
  return ['neigh', 'replace', ip, 'lladdr', mac, 'nud', 'permanent', 'dev', device];
}

function placeWords({ table, prefix }: Pick<Route, 'table' | 'prefix'>): string[] {
  return [prefix, 'table', `${table}`, 'proto', `${PROTOCOL}`];
}

function hopWords({ gateway, device }: NextHop, prefix: Prefix): string[] {
  const foreign = gateway && familyOf(gateway) !== familyOf(prefix);
  const via = gateway ? ['via', ...(foreign ? ['inet6'] : []), gateway] : [];
  return [...via, ...(device ? ['dev', device] : [])];
}

function version(of: string): string[] {
  return of.includes(':') ? ['-6'] : [];
}

function shell(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
