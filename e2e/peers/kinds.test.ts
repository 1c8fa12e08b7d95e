/** Kinds of BGP sessions, on the real FRR and gobgpd. Witnesses are kernels, FRR's vtysh and Debian's gobgp. */
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { isAnswered } from '../lab/ping.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atTor } from '../main-job/fabric.js';
import { peersLab, sessions } from './fabric.js';

interface KernelRoute {
  readonly dst: string;
  readonly dev: string;
  readonly gateway?: string;
  readonly via?: { readonly family: string; readonly host: string };
}

describe('a peer', () => {
  let lab: Lab;
  let one: Container & Attached;
  let two: Container & Attached;

  before(async () => {
    lab = await peersLab('kinds');
    const attached = async (node: string, name: string) => {
      const container = await lab.container(node, name);
      return Object.assign(container, await add(container));
    };
    [one, two] = [await attached('node1', 'blue-1'), await attached('node2', 'blue-2')];
    for (const { v4, v6 } of [one, two]) for (const address of [v4, v6]) await atTor(lab, address);
  });
  after(() => lab?.down());

  it('that is known by its link alone is found there, and one session carries both families', async () => {
    const [session, ...more] = await sessions(lab.node('node1'));
    expect(session?.address).to.match(/^fe80::.*%eth1$/);
    expect(more).to.deep.equal([]);
    const route = await routeTo(lab.node('node1'), two.v4);
    expect(route.via).to.deep.equal({ family: 'inet6', host: session?.address.split('%')[0] });
    expect(route.dev).to.equal('eth1');
    expect((await routeTo(lab.node('node1'), two.v6)).gateway).to.match(/^fe80::/);
  });

  it('takes our IPv4 over an IPv6 next hop (RFC 8950), and packets pass in both families', async () => {
    expect((await routeTo(lab.node('tor1'), one.v4, 'main')).via?.family).to.equal('inet6');
    for (const address of [two.v4, two.v6]) {
      await until(() => isAnswered(one, address), {
        what: `blue-1 to reach ${address}`,
      });
    }
  });

  it('with TTL security gets packets with a TTL of 255', async () => {
    const ofSession = 'src 192.0.2.3 and port 179 and tcp[tcpflags] & tcp-push != 0';
    const packet = await lab.node('tor1').exec(['tcpdump', '-lnv', '-c', '1', '-i', 'eth2', ofSession]);
    expect(packet).to.include('ttl 255');
  });

  it('speaks with a node of a 4-byte AS, from the address and with the timers that were chosen for it', async () => {
    const neighbors = await lab.node('tor1').vtyshJson<Record<string, Neighbor>>('show bgp neighbors json');
    expect(neighbors['192.0.2.3']).to.include({ remoteAs: 4200000002, bgpTimerHoldTimeMsecs: 9000 });
    // FRR asks for 9 s, the node for 12 s: the smaller one counts (RFC 4271 section 4.2).
    expect(neighbors['2001:db8:ffff:2::1']).to.include({ remoteAs: 4200000002, bgpState: 'Established' });
    const words = await lab.node('node2').gobgp('neighbor', '2001:db8:ffff:2::');
    expect(words).to.include('Configured hold time is 12, keepalive interval is 4 seconds');
  });
});

interface Neighbor {
  readonly remoteAs: number;
  readonly bgpState: string;
  readonly bgpTimerHoldTimeMsecs: number;
}

/** The kernel's route to an address; waits for it. */
async function routeTo(node: LabNode, address: string, table: number | 'main' = 1001): Promise<KernelRoute> {
  const family = address.includes(':') ? '-6' : '-4';
  return await until(
    async () => {
      const { stdout } = await node.attempt(['ip', family, '-j', 'route', 'show', 'table', String(table)]);
      return (JSON.parse(stdout || '[]') as KernelRoute[]).find(({ dst }) => dst === address);
    },
    { what: `a route to ${address} on ${node.name}` },
  );
}
