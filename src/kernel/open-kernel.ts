import type { Endpoint } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import type { Kernel, Neighbours, Shortcut, Wire } from '../ports.js';
import { openFilters } from './filters.js';
import { Host } from './host.js';
import { kernelNeighbours } from './neighbours.js';
import { NetlinkKernel } from './netlink-kernel.js';
import { VethWire } from './wire.js';

/** The ports that are the kernel's. */
export interface OpenKernel extends Disposable {
  readonly kernel: Kernel;
  readonly wire: Wire;
  readonly neighbours: Neighbours;
  readonly shortcut: Shortcut;
  /** How often the filters were found damaged and written again. */
  readonly filterRepairs: () => number;
}

/**
 * Opens the kernel of the calling thread's network namespace. Changes nothing by itself.
 * @param attached the endpoints that exist, whose filters stay
 */
export function openKernel(
  { gateways, kernel }: { readonly gateways: Gateways; readonly kernel: { readonly rulePriority: number } },
  attached: readonly Endpoint[],
): OpenKernel {
  const filters = openFilters(attached);
  const host = new Host(filters, gateways, attached, kernel.rulePriority);
  return {
    kernel: new NetlinkKernel(host, kernel.rulePriority),
    wire: new VethWire(host),
    neighbours: kernelNeighbours(host.socket),
    shortcut: host.shortcut,
    filterRepairs: () => filters.repairs,
    [Symbol.dispose]() {
      host[Symbol.dispose]();
      filters[Symbol.dispose]();
    },
  };
}
