/** The ports, as they are but counted: what is written, what fails, and what is heard. */
import type { Bgp, BgpEvent, Failures, Kernel, KernelEvent } from '../ports.js';
import type { EventMetrics } from './events.js';

type Counted = EventMetrics['put'];

function count<T>(asked: readonly T[], { done, failed }: Counted, failures: Failures<T>): Failures<T> {
  done.inc(asked.length - failures.size);
  failed.inc(failures.size);
  return failures;
}

export function countedKernel(kernel: Kernel, events: EventMetrics): Kernel {
  const heard = (event: KernelEvent) => {
    if (event.kind === 'lost') events.resyncs.inc({ reason: event.why });
  };
  return {
    routes: () => kernel.routes(),
    addresses: () => kernel.addresses(),
    ways: (to) => kernel.ways(to),
    separate: (networks) => kernel.separate(networks),
    put: async (routes) => count(routes, events.put, await kernel.put(routes)),
    remove: async (routes) => count(routes, events.remove, await kernel.remove(routes)),
    watch: (hear, signal) =>
      kernel.watch((event) => {
        heard(event);
        hear(event);
      }, signal),
  };
}

export function countedBgp(bgp: Bgp, events: EventMetrics): Bgp {
  const heard = (event: BgpEvent) => {
    if (event.kind !== 'connected') return;
    events.connections.inc();
    if (event.fresh) events.starts.inc();
    if (event.crash !== undefined) events.crashes.inc();
  };
  return {
    admitPeers: (speaker, restarting) => bgp.admitPeers(speaker, restarting),
    peers: () => bgp.peers(),
    reopen: (peer) => bgp.reopen(peer),
    release: (peer) => bgp.release(peer),
    says: (prefixes) => bgp.says(prefixes),
    announce: async (all) => count(all, events.announce, await bgp.announce(all)),
    withdraw: async (all) => count(all, events.withdraw, await bgp.withdraw(all)),
    run: (speaker, hear, signal) =>
      bgp.run(
        speaker,
        (event) => {
          heard(event);
          hear(event);
        },
        signal,
      ),
  };
}
