/** What the ToR and the nodes say about themselves, asked with their own tools. */
import type { Lab } from '../lab/lab.js';
import { until } from '../lab/until.js';
import type { Attached } from './containers.js';

interface BgpSummary {
  readonly peers: Readonly<Record<string, { readonly state: string; readonly hostname?: string }>>;
}

/** Waits until each node has at least one Established session with the ToR in each family. */
export async function untilEstablished(lab: Lab): Promise<void> {
  const nodes = [...lab.nodes.keys()].filter((name) => lab.topology.nodes.get(name)?.labels.role === 'node');
  await until(
    async () => {
      const summary = await lab.node('tor1').vtyshJson<Record<string, BgpSummary>>('show bgp summary json');
      for (const family of ['ipv4Unicast', 'ipv6Unicast']) {
        const peers = Object.values(summary[family]?.peers ?? {});
        const missing = nodes.find(
          (node) => !peers.some((peer) => peer.hostname === node && peer.state === 'Established'),
        );
        if (missing) throw new Error(`${missing} has no Established ${family} session`);
      }
      return true;
    },
    { what: 'BGP sessions between tor1 and every node', timeout: 60_000 },
  );
}

/** Waits until the ToR's kernel has each container's /32 and /128. */
export async function untilInTor(lab: Lab, attached: readonly Attached[]): Promise<void> {
  const wanted = attached.flatMap(({ v4, v6 }) => [v4, v6]);
  await until(
    async () => {
      const tor = lab.node('tor1');
      const kernel = `${await tor.exec(['ip', '-4', 'route', 'show', 'proto', 'bgp'])}\n${await tor.exec(['ip', '-6', 'route', 'show', 'proto', 'bgp'])}`;
      const known = new Set(kernel.split('\n').map((line) => line.split(' ')[0]));
      const missing = wanted.filter((address) => !known.has(address));
      if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
      return true;
    },
    { what: "every container's route in the kernel of tor1" },
  );
}

/** The ToR's own view, as an engineer sees it on the switch: prompt, command, routes without the legend. */
export async function torView(lab: Lab): Promise<string> {
  const views = ['show ip route bgp', 'show ipv6 route bgp'].map(async (command) => {
    const printed = await lab.node('tor1').vtysh(command);
    const routes = printed.split('\n').filter((line) => /^B[>* ]/.test(line));
    return [`tor1# ${command}`, ...routes].join('\n');
  });
  return (await Promise.all(views)).join('\n');
}

/** One line: who is there, and what runs the ToR. */
export async function fabricLine(lab: Lab): Promise<string> {
  const version = /FRRouting ([\d.]+)/.exec(await lab.node('tor1').vtysh('show version'))?.[1] ?? '?';
  return [...lab.nodes.keys()]
    .map((name) => {
      const labels = lab.topology.nodes.get(name)?.labels ?? {};
      return `${name} (${labels.role === 'tor' ? `FRR ${version}, ` : ''}AS ${labels.asn})`;
    })
    .join('  ');
}
