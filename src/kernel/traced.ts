/** Every change to the kernel told as the `ip` command that does the same: what `log.level: debug` shows. */
import type { Gateways } from '../model/network.js';
import type { Kernel, Wire } from '../ports.js';
import {
  connectCommands,
  disconnectCommand,
  furnishCommands,
  putRouteCommand,
  removeRouteCommand,
  separateCommands,
} from './as-commands.js';

/** Both ports, as they are but told. */
export function traced(
  { kernel, wire }: { readonly kernel: Kernel; readonly wire: Wire },
  { gateways, rulePriority }: { readonly gateways: Gateways; readonly rulePriority: number },
  tell: (command: string) => void,
): { readonly kernel: Kernel; readonly wire: Wire } {
  return {
    kernel: {
      routes: () => kernel.routes(),
      addresses: () => kernel.addresses(),
      ways: (to) => kernel.ways(to),
      watch: (hear, signal) => kernel.watch(hear, signal),
      put: (routes) => {
        for (const route of routes) tell(putRouteCommand(route));
        return kernel.put(routes);
      },
      remove: (routes) => {
        for (const route of routes) tell(removeRouteCommand(route));
        return kernel.remove(routes);
      },
      separate: (networks) => {
        for (const command of separateCommands(networks, gateways, rulePriority)) tell(command);
        return kernel.separate(networks);
      },
    },
    wire: {
      open: (netns) => wire.open(netns),
      links: () => wire.links(),
      removeOrphan: (link) => wire.removeOrphan(link),
      inspect: (endpoint, namespace) => wire.inspect(endpoint, namespace),
      watchLinks: (gone, signal) => wire.watchLinks(gone, signal),
      hostLinkName: (id) => wire.hostLinkName(id),
      uplinkMtu: () => wire.uplinkMtu(),
      connect: (endpoint, namespace) => {
        for (const command of connectCommands(endpoint, gateways)) tell(command);
        return wire.connect(endpoint, namespace);
      },
      furnish: (endpoint, namespace) => {
        for (const command of furnishCommands(endpoint, gateways)) tell(command);
        return wire.furnish(endpoint, namespace);
      },
      disconnect: (endpoint) => {
        tell(disconnectCommand(endpoint));
        return wire.disconnect(endpoint);
      },
    },
  };
}
