/**
 * STATUS: can an ADD work (CNI specification 1.1.0, section STATUS)? Answered from memory, because a runtime asks every few
 * seconds and takes the whole node for unready while we think. Only a delegated IPAM plugin has to be asked.
 */
import { baseOf } from '../decide/own-network.js';
import { readiness } from '../decide/readiness.js';
import { masqueradeObstacle } from '../model/masquerade.js';
import { noneFree, noPools } from './address-book.js';
import { CniError, CODE } from './cni-error.js';
import { complaintsOf, delegationOf } from './delegated-ipam.js';
import type { Node } from './node.js';
import type { StatusRequest } from './request.js';

/** Throws CniError 51 when existing containers are hurt too, else 50 when no ADD can work; both with every reason. */
export async function status(node: Node, request: StatusRequest, signal: AbortSignal): Promise<void> {
  const noAddress = [
    ...whyNoAddress(node, request),
    ...whyNoMasquerade(node, request),
    ...(await ipamReasons(node, request, signal)),
  ];
  const { noAdd, cutOff } = readiness(node.routing.bgpStanding, noAddress);
  const reasons = [...cutOff, ...noAdd];
  if (reasons.length === 0) return;
  throw new CniError(cutOff.length > 0 ? CODE.limitedConnectivity : CODE.notAvailable, reasons.join('; '));
}

function whyNoAddress({ routing, addresses }: Node, { conf }: StatusRequest): string[] {
  const network = baseOf(routing.networks, conf.network);
  if (!network) return [`network "${conf.network}" is not configured on this node`];
  if (conf.ipam !== undefined) return [];
  if (network.pools.length === 0) return [noPools(network.name)];
  return addresses.exhausted(network.pools).map((pools) => noneFree(network.name, pools));
}

function whyNoMasquerade({ routing }: Node, { conf }: StatusRequest): string[] {
  const network = conf.ipMasq ? baseOf(routing.networks, conf.network) : undefined;
  const obstacle = network && masqueradeObstacle(network);
  return obstacle === undefined ? [] : [`ipMasq is not possible: ${obstacle}`];
}

async function ipamReasons({ ipam, routing }: Node, request: StatusRequest, signal: AbortSignal): Promise<string[]> {
  const delegation = delegationOf({ ...request, argsText: '' }, baseOf(routing.networks, request.conf.network));
  return delegation ? complaintsOf(delegation, ipam.status(delegation, signal)) : [];
}
