/**
 * CHECK: is the endpoint still as ADD left it (CNI specification, section CHECK)? Everything that is wrong is in one error:
 * whoever reads it should not have to repair and ask again.
 */

import { wantedAnnouncement } from '../decide/announcements.js';
import { differences } from '../decide/check.js';
import { baseOf } from '../decide/own-network.js';
import { hostPrefix } from '../model/address.js';
import { type Announcement, sameAnnouncement } from '../model/announcement.js';
import { type Endpoint, endpointName } from '../model/endpoint.js';
import type { Namespace } from '../ports.js';
import { CniError, CODE } from './cni-error.js';
import { complaintsOf, delegationOf } from './delegated-ipam.js';
import type { Node } from './node.js';
import type { CheckRequest } from './request.js';
import type { Result, ResultInterface } from './result.js';

/** Throws CniError 107 that names every difference. */
export async function check(node: Node, request: CheckRequest, signal: AbortSignal): Promise<void> {
  const endpoint = node.endpoints.get(request);
  if (!endpoint) throw failed(request, ['it is not attached']);
  const wrong = [
    ...wiring(node, request, endpoint),
    ...result(endpoint, request),
    ...(await reservation(node, request, endpoint, signal)),
    ...(await announcement(node, request, endpoint)),
  ];
  if (wrong.length > 0) throw failed(request, wrong);
}

function failed(request: CheckRequest, wrong: readonly string[]): CniError {
  const remedy = 'what the controller can repair it repairs by itself; for the rest send DEL, then ADD';
  return new CniError(CODE.checkFailed, `CHECK of ${endpointName(request)}: ${wrong.join('; ')}`, remedy);
}

function wiring(node: Node, { netns, conf }: CheckRequest, endpoint: Endpoint): string[] {
  const network = node.routing.networks.byName.get(endpoint.network);
  if (!network) return [`network "${endpoint.network}" is not in the node's configuration any more`];
  const { namespace, wrong } = namespaceOf(node, netns, endpoint);
  using _open = namespace;
  const container = containerInterface(endpoint, conf.prevResult);
  const wanted = {
    endpoint,
    gateways: node.gateways,
    table: network.table,
    mac: container?.mac ?? endpoint.mac,
    mtu: container?.mtu,
  };
  return [...wrong, ...differences(wanted, node.wire.inspect(endpoint, namespace))];
}

/** The path may lead to another namespace by now, in which there is nothing of ours to look at. */
function namespaceOf(node: Node, netns: string, { netnsInode }: Endpoint): { namespace?: Namespace; wrong: string[] } {
  try {
    const namespace = node.wire.open(netns);
    if (namespace.inode === netnsInode) return { namespace, wrong: [] };
    namespace[Symbol.dispose]();
    return { wrong: [`CNI_NETNS "${netns}" is not the namespace that it was attached in`] };
  } catch (error) {
    return { wrong: [`CNI_NETNS: ${(error as Error).message}`] };
  }
}

/** The runtime's own account must be of this endpoint; what other plugins added to it is theirs. */
function result(endpoint: Endpoint, { conf }: CheckRequest): string[] {
  const { prevResult } = conf;
  const missing = endpoint.addresses.filter((own) => !prevResult.ips.some(({ address }) => address === own));
  // What was added at 0.1.0 or 0.2.0 was cached without interfaces, whatever version the configuration has by now.
  const isThere = prevResult.interfaces.length === 0 || containerInterface(endpoint, prevResult);
  return [
    ...missing.map((own) => `prevResult lacks the address ${own}`),
    ...(isThere ? [] : [`prevResult lacks the interface ${endpoint.ifname}`]),
  ];
}

function containerInterface({ ifname, netns }: Endpoint, { interfaces }: Result): ResultInterface | undefined {
  const named = interfaces.filter(({ name, sandbox }) => name === ifname && sandbox !== undefined);
  return named.find(({ sandbox }) => sandbox === netns) ?? named[0];
}

async function reservation(node: Node, request: CheckRequest, endpoint: Endpoint, signal: AbortSignal) {
  const free = endpoint.addresses.filter((own) => !node.addresses.isTaken(own));
  const notReserved = free.map((own) => `${own} is not reserved`);
  const delegation =
    endpoint.delegatedIpam && delegationOf(request, baseOf(node.routing.networks, request.conf.network));
  if (!delegation) return notReserved;
  return [...notReserved, ...(await complaintsOf(delegation, node.ipam.check(delegation, request, signal)))];
}

async function announcement({ routing }: Node, { conf }: CheckRequest, endpoint: Endpoint): Promise<string[]> {
  const { networks, bgpStanding } = routing;
  const led = endpoint.addresses.map(hostPrefix).flatMap((prefix) => [prefix, routing.about(prefix).carrier]);
  const due = [...new Set(led)].flatMap((prefix) => {
    const { known, routes, announced } = routing.about(prefix);
    const wanted = wantedAnnouncement(known, networks, routes);
    // An ADD that did not wait for gobgpd is content without it.
    return wanted && (announced || conf.wait === 'announced') ? [wanted] : [];
  });
  if (due.length === 0) return [];
  if (bgpStanding.away !== undefined) {
    const prefixes = due.map(({ prefix }) => prefix).join(', ');
    return conf.wait === 'none' ? [] : [`nobody announces ${prefixes}: gobgpd is away (${bgpStanding.away})`];
  }
  return notSaid(routing, due);
}

async function notSaid(routing: Node['routing'], due: readonly Announcement[]): Promise<string[]> {
  const prefixes = due.map(({ prefix }) => prefix);
  try {
    const said = await routing.says(prefixes);
    return due
      .filter((wanted) => !said.some((one) => one.prefix === wanted.prefix && sameAnnouncement(one, wanted)))
      .map(({ prefix, targets }) => `gobgpd does not announce ${prefix} with ${targets.join(' ')}`);
  } catch (error) {
    return [`gobgpd does not say whether it announces ${prefixes.join(', ')}: ${(error as Error).message}`];
  }
}
