/**
 * ADD: one container interface, from the namespace that the runtime made to an announced /32 and /128.
 *
 * Every step that leaves something behind says at once how to undo it, so whatever way ADD ends, what it began is gone.
 * The record is written before the kernel is touched: a controller that dies half-way finds it and undoes the rest.
 */
import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bootTime } from '../boot-time.js';
import type { Asked } from '../decide/own-network.js';
import { DRAINED } from '../decide/readiness.js';
import type { Address, Prefix } from '../model/address.js';
import { familyOf, prefix } from '../model/address.js';
import { type Endpoint, type EndpointId, endpointKey, endpointName } from '../model/endpoint.js';
import { masqueradeObstacle } from '../model/masquerade.js';
import type { Namespace } from '../ports.js';
import { StepFailure } from '../reconcile/reconciler.js';
import { Undo } from '../reconcile/undo.js';
import { NoAddress } from './address-book.js';
import { CniError, CODE } from './cni-error.js';
import { deadline } from './deadline.js';
import type { Delegation } from './delegated-ipam.js';
import type { Node } from './node.js';
import { type Place, placeFor } from './own-targets.js';

/** What ADD is asked for, parsed and checked. */
export interface AttachRequest extends EndpointId {
  readonly netns: string;
  /** Network, and targets where the CNI configuration or the container names some. */
  readonly asked: Asked;
  readonly cniNetwork: string;
  /** How far ADD waits: until gobgpd has taken the announcement, or only for the kernel. */
  readonly wait: 'announced' | 'none';
  readonly waitSeconds: number;
  readonly masquerade: boolean;
  readonly requestedAddresses: readonly Address[];
  readonly requestedMac?: string;
  readonly mtu?: number;
  /** Present: a plugin of this type gives the addresses, not our pools. */
  readonly ipam?: Delegation;
}

export async function attach(node: Node, request: AttachRequest, signal: AbortSignal): Promise<Endpoint> {
  const attachedAt = Number(bootTime() / 1000n);
  refuseOffDuty(node);
  const place = placeFor(node.routing.networks, request.asked);
  if (request.masquerade) refuseMasquerade(place.base);
  refuseSecond(node, request);
  using namespace = open(node, request);
  await using undo = new Undo((what, error) => node.failed(`undoing ADD of ${endpointName(request)}: ${what}`, error));
  const { addresses, routes } = await takeAddresses(node, place.base, request, undo, signal);
  const draft = {
    ...draftOf(node, place.base, request, namespace, addresses, routes),
    ...place.membership,
    attachedAt,
  };

  undo.add('remove the record', () => node.records.remove(draft));
  await step('writing the endpoint record', CODE.io, () => node.records.save(draft));

  if (draft.own) {
    undo.add('remove the network of its own', async () => node.routing.detach(draft));
    await step('making a network of its own', CODE.kernelRefused, () => node.routing.makeNetworkOf(draft, signal));
  }

  const index = await step('wiring', CODE.kernelRefused, () => node.wire.connect(draft, namespace));
  const endpoint: Endpoint = { ...draft, state: 'attached', link: { ...draft.link, index } };
  undo.add('remove the veth pair', () => node.wire.disconnect(endpoint));

  undo.add('withdraw the announcement and remove the routes', () => leave(node, endpoint));
  node.routing.attach(endpoint);
  // Both are waited for, whatever becomes of either: a record that is undone must not be written afterwards.
  const steps = [settle(node, endpoint, request, signal), finishMeanwhile(node, endpoint, namespace)];
  for (const done of await Promise.allSettled(steps)) if (done.status === 'rejected') throw done.reason;

  signal.throwIfAborted();
  node.endpoints.set(endpoint);
  undo.keep();
  return endpoint;
}

/**
 * The container's side is made while gobgpd works on the announcement: the pass begins in the next turn, and what it says leaves
 * the process at the end of that. The host's side is there, filters and routes too; a packet that comes before is lost.
 * Then the record says `attached`: a controller that finds it so after a kill lets it live and puts and announces the rest.
 */
async function finishMeanwhile(node: Node, endpoint: Endpoint, namespace: Namespace): Promise<void> {
  await nextTurn();
  await nextTurn();
  await step('wiring', CODE.kernelRefused, () => node.wire.furnish(endpoint, namespace));
  await step('committing the endpoint record', CODE.io, () => node.records.save(endpoint));
}

/** Takes an endpoint out of the routing, and waits a moment for its withdrawal: nobody waits for a gobgpd that is away. */
export async function leave(node: Node, endpoint: Endpoint): Promise<void> {
  node.routing.detach(endpoint);
  using moment = deadline(2000);
  try {
    await node.routing.settled(endpoint, 'withdrawn', moment.signal);
  } catch (error) {
    node.failed(`withdrawing ${endpoint.addresses.join(' ')}`, error);
  }
}

/** What is not announced is reached by nobody; and whoever drains a node is about to stop it. */
function refuseOffDuty({ routing }: Node): void {
  if (routing.duty !== 'on') throw new CniError(CODE.tryAgainLater, DRAINED, 'nothing was changed');
}

function refuseMasquerade(network: Place['base']): void {
  const obstacle = masqueradeObstacle(network);
  if (obstacle) throw new CniError(CODE.invalidConfig, `ipMasq is not possible: ${obstacle}`, 'nothing was changed');
}

function refuseSecond(node: Node, request: AttachRequest): void {
  const first = node.endpoints.get(request);
  if (!first) return;
  throw new CniError(
    CODE.interfaceOccupied,
    `${endpointName(request)} is attached already, with ${first.addresses.join(' ')}`,
    'send DEL first; the existing attachment was left as it is',
  );
}

function open(node: Node, request: AttachRequest): Namespace {
  try {
    return node.wire.open(request.netns);
  } catch (error) {
    throw new CniError(CODE.invalidEnvironment, `CNI_NETNS: ${(error as Error).message}`, 'nothing was changed', {
      cause: error,
    });
  }
}

async function takeAddresses(
  node: Node,
  network: Place['base'],
  request: AttachRequest,
  undo: Undo,
  signal: AbortSignal,
) {
  if (!request.ipam) {
    const addresses = takeFromPools(node, network, request);
    undo.add('put the addresses back', () => node.addresses.putBack(addresses));
    return { addresses, routes: defaultRoutes(addresses) };
  }
  const delegation = request.ipam;
  // Also when ADD fails: a plugin that died half-way may have reserved something (CNI specification, section 4).
  undo.add(`give the addresses back to ${delegation.type}`, () => node.ipam.del(delegation, request));
  const { addresses, routes } = await node.ipam.add(delegation, request, signal);
  refuseTaken(node, addresses, delegation.type);
  node.addresses.hold(addresses);
  undo.add('put the addresses back', () => node.addresses.putBack(addresses));
  return { addresses, routes: routes.length > 0 ? routes : defaultRoutes(addresses) };
}

function takeFromPools(node: Node, network: Place['base'], request: AttachRequest): Address[] {
  try {
    return node.addresses.take(network.name, network.pools, request.requestedAddresses);
  } catch (error) {
    if (!(error instanceof NoAddress)) throw error;
    const code = error.reason === 'exhausted' ? CODE.poolExhausted : CODE.addressNotAvailable;
    throw new CniError(code, error.message, 'nothing was changed', { cause: error });
  }
}

/** Two plugins, or a plugin and our pools, may give the same address; only one endpoint of a node can have it. */
function refuseTaken(node: Node, addresses: readonly Address[], type: string): void {
  const taken = addresses.find((address) => node.addresses.isTaken(address));
  if (!taken) return;
  throw new CniError(
    CODE.addressNotAvailable,
    `${type} gave ${taken}, which another endpoint of this node has`,
    'keep the ranges of IPAM plugins and pools apart',
  );
}

function defaultRoutes(addresses: readonly Address[]): Prefix[] {
  return addresses.map((address) => prefix(familyOf(address) === 4 ? '0.0.0.0/0' : '::/0'));
}

function draftOf(
  node: Node,
  network: Place['base'],
  request: AttachRequest,
  namespace: Namespace,
  addresses: readonly Address[],
  routes: readonly Prefix[],
): Omit<Endpoint, 'network'> {
  const digest = hash('sha256', endpointKey(request));
  return {
    containerId: request.containerId,
    ifname: request.ifname,
    cniNetwork: request.cniNetwork,
    state: 'pending',
    netns: namespace.path,
    netnsInode: namespace.inode,
    link: { name: node.wire.hostLinkName(request), index: 0, mac: localMac(digest) },
    mac: request.requestedMac ?? localMac(digest.slice(10)),
    mtu: request.mtu ?? network.mtu ?? node.wire.uplinkMtu(),
    addresses,
    routes,
    ...(request.masquerade ? { masquerade: true } : {}),
    ...(request.ipam ? { delegatedIpam: request.ipam } : {}),
    since: new Date().toISOString(),
  };
}

/** A locally administered unicast MAC (IEEE 802, bit 1 of the first byte) from ten hex digits. */
function localMac(hex: string): string {
  return `02:${hex.slice(0, 10).match(/../g)?.join(':')}`;
}

const REFUSED: Record<StepFailure['step'], number> = {
  route: CODE.kernelRefused,
  'route removal': CODE.kernelRefused,
  announcement: CODE.gobgpRefused,
  withdrawal: CODE.gobgpRefused,
};

async function settle(node: Node, endpoint: Endpoint, request: AttachRequest, signal: AbortSignal): Promise<void> {
  const extent = request.wait === 'announced' ? 'announced' : 'routed';
  using patience = deadline(request.waitSeconds * 1000, signal);
  try {
    await node.routing.settled(endpoint, extent, patience.signal);
  } catch (error) {
    throw new CniError(
      error instanceof StepFailure ? REFUSED[error.step] : CODE.tryAgainLater,
      `ADD failed at the ${(error as Error).message}`,
      'everything was undone; see "slash32 status"',
      { cause: error },
    );
  }
}

/** Names the step in whatever goes wrong in it. */
async function step<T>(name: string, code: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CniError) throw error;
    throw new CniError(code, `ADD failed at ${name}: ${(error as Error).message}`, 'everything was undone', {
      cause: error,
    });
  }
}
