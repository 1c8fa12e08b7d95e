/** The verbs of CNI, each handed to its use case in our own words. */
import { baseOf } from '../decide/own-network.js';
import type { Endpoint } from '../model/endpoint.js';
import { type AttachRequest, attach } from './attach.js';
import { check } from './check.js';
import { collectGarbage } from './collect-garbage.js';
import { delegationOf } from './delegated-ipam.js';
import { detach } from './detach.js';
import type { Node } from './node.js';
import { containerWish, type Place, wishOf } from './own-targets.js';
import { refuseWithoutPool } from './pod-cidr.js';
import type { AddRequest, DelRequest } from './request.js';
import { requestedAddresses } from './requested-addresses.js';
import { requestedMac } from './requested-mac.js';
import { chained, type Result, resultOf } from './result.js';
import { status } from './status.js';
import type { Verbs } from './verbs.js';

/** The verbs on this node's endpoints. */
export function verbsOn(node: Node): Verbs {
  return {
    add: (request, signal) => add(node, request, signal),
    del: (request) => del(node, request),
    check: (request, signal) => check(node, request, signal),
    status: (request, signal) => status(node, request, signal),
    gc: (request, signal) => collectGarbage(node, request, signal),
  };
}

async function add(node: Node, request: AddRequest, signal: AbortSignal): Promise<Result> {
  const { conf } = request;
  const endpoint = await attach(node, attachRequest(request, baseOf(node.routing.networks, conf.network)), signal);
  const result = resultOf(endpoint, node.gateways, conf.dns);
  return conf.prevResult ? chained(conf.prevResult, result) : result;
}

async function del(node: Node, request: DelRequest): Promise<void> {
  if (isOutlived(request, node.endpoints.get(request))) return;
  const endpoint = await detach(node, request);
  if (endpoint) return;
  // A record may be lost while the plugin's own reservation is not; freeing what is free is fine for every IPAM plugin.
  const delegation = delegationOf(request, baseOf(node.routing.networks, request.conf.network));
  if (delegation) await node.ipam.del(delegation, request);
}

/** A DEL that lay in the queue while the runtime attached the same id anew does not mean the new one. */
function isOutlived({ queuedAt }: DelRequest, endpoint: Endpoint | undefined): boolean {
  if (queuedAt === undefined || endpoint?.attachedAt === undefined) return false;
  return queuedAt / 1000n < BigInt(endpoint.attachedAt);
}

function attachRequest(request: AddRequest, network: Place['base'] | undefined): AttachRequest {
  const { containerId, ifname, netns, conf } = request;
  const mac = requestedMac(request);
  const ipam = delegationOf(request, network);
  if (ipam) refuseWithoutPool(ipam.netConf, conf.network);
  return {
    containerId,
    ifname,
    netns,
    asked: { base: conf.network, byNetConf: wishOf(conf), byContainer: containerWish(conf.argsCni, request.args) },
    cniNetwork: conf.name,
    wait: conf.wait,
    waitSeconds: conf.waitSeconds,
    masquerade: conf.ipMasq,
    requestedAddresses: requestedAddresses(request),
    ...(mac === undefined ? {} : { requestedMac: mac }),
    ...(conf.mtu === undefined ? {} : { mtu: conf.mtu }),
    ...(ipam === undefined ? {} : { ipam }),
  };
}
