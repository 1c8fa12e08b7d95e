/** The verbs of CNI, each handed to its use case in our own words. */
import type { Endpoint } from '../model/endpoint.js';
import type { Network } from '../model/network.js';
import type { RouteTarget } from '../model/route-target.js';
import { type AttachRequest, attach } from './attach.js';
import { check } from './check.js';
import { CniError, CODE } from './cni-error.js';
import { collectGarbage } from './collect-garbage.js';
import { delegationOf } from './delegated-ipam.js';
import { detach } from './detach.js';
import type { Node } from './node.js';
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
  const network = node.routing.networks.byName.get(conf.network);
  refuseOtherTargets(network, conf);
  const endpoint = await attach(node, attachRequest(request, network), signal);
  const result = resultOf(endpoint, node.gateways, conf.dns);
  return conf.prevResult ? chained(conf.prevResult, result) : result;
}

async function del(node: Node, request: DelRequest): Promise<void> {
  if (isOutlived(request, node.endpoints.get(request))) return;
  const endpoint = await detach(node, request);
  if (endpoint) return;
  // A record may be lost while the plugin's own reservation is not; freeing what is free is fine for every IPAM plugin.
  const delegation = delegationOf(request, node.routing.networks.byName.get(request.conf.network));
  if (delegation) await node.ipam.del(delegation, request);
}

/** A DEL that lay in the queue while the runtime attached the same id anew does not mean the new one. */
function isOutlived({ queuedAt }: DelRequest, endpoint: Endpoint | undefined): boolean {
  if (queuedAt === undefined || endpoint?.attachedAt === undefined) return false;
  return queuedAt / 1000n < BigInt(endpoint.attachedAt);
}

function attachRequest(request: AddRequest, network: Network | undefined): AttachRequest {
  const { containerId, ifname, netns, conf } = request;
  const mac = requestedMac(request);
  const ipam = delegationOf(request, network);
  if (ipam) refuseWithoutPool(ipam.netConf, conf.network);
  return {
    containerId,
    ifname,
    netns,
    network: conf.network,
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

/** Targets are the node's to give. Naming the same ones is fine, as BaGPipe's configurations do. */
function refuseOtherTargets(
  network: Network | undefined,
  conf: {
    readonly importTargets: readonly RouteTarget[] | undefined;
    readonly exportTargets: readonly RouteTarget[] | undefined;
  },
): void {
  if (!network) return;
  const foreign = [
    ...(conf.importTargets ?? []).filter((target) => !network.imports.has(target)),
    ...(conf.exportTargets ?? []).filter((target) => !network.exports.includes(target)),
  ];
  if (foreign.length === 0) return;
  throw new CniError(
    CODE.invalidConfig,
    `route target ${foreign.join(', ')} is not one of network "${network.name}"`,
    "targets are given in the node's configuration; leave them out of the CNI configuration, or name the same",
  );
}
