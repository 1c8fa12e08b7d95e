/**
 * The settings of sessions with each generation of gobgpd as our own sidecar: each cell is one setting of one of them, and its
 * witness is the other side, FRR's vtysh, or the node's kernel where the setting is about what it takes.
 */
import { expect } from 'chai';
import type { LabNode } from '../lab/node.js';
import { type Attached, add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { kernelRoutes } from '../main-job/fabric.js';
import { status } from '../peers/fabric.js';
import { addressOf, type Bed, bedUp, type Node, type Session, torOf } from './bed.js';

/** A neighbour as FRR tells it. */
interface Neighbor {
  readonly bgpState: string;
  readonly bgpTimerHoldTimeMsecs: number;
  readonly localAs: number;
  readonly remoteAs: number;
  readonly hostForeign: string;
  readonly portForeign: number;
  readonly externalBgpNbrMaxHopsAway?: number;
  readonly messageStats: { readonly updatesRecv: number };
}

interface Path {
  readonly peer: { readonly peerId: string };
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly locPrf?: number;
  readonly nexthops: readonly { readonly ip: string }[];
}

/** Sessions in which FRR says too much at first. */
const LIMITED = ['limit', 'limited-range'] as const;
type Limited = (typeof LIMITED)[number];

/** What a cell looks at. */
interface At {
  readonly node: Node;
  readonly machine: LabNode;
  readonly container: Attached;
  /** Waits until FRR has this session up. */
  established(session: Session | 'link'): Promise<Neighbor>;
  /** FRR's path to a prefix by this session; waits for it. */
  path(session: Session | 'link', prefix: string): Promise<Path>;
  /** The prefixes that FRR has heard by this session. */
  heard(session: Session | 'link'): Promise<string[]>;
  tor(...lines: string[]): Promise<string>;
  /** What became of a session with a limit. */
  limited(session: Limited): Promise<void>;
}

/** Every setting and the promise that it keeps. */
const SETTINGS: Record<string, (at: At) => Promise<void>> = {
  'timers: FRR has agreed to the hold time of the node': async ({ established }) => {
    expect((await established('timers')).bgpTimerHoldTimeMsecs).to.equal(12_000);
  },
  'ttlSecurity: the session stands where FRR takes packets of one hop only': async ({ established }) => {
    expect((await established('gtsm')).externalBgpNbrMaxHopsAway).to.equal(1);
  },
  'localAddress: FRR speaks with exactly that address': async ({ established, node }) => {
    expect((await established('timers')).hostForeign).to.equal(addressOf(node.index, 'timers', 'node'));
  },
  'passwordFile: the session stands where FRR signs': async ({ established }) => {
    await established('signed');
  },
  'communities, largeCommunities: FRR hears them, and the target': async ({ path, container }) => {
    const { community, largeCommunity } = await path('marks', `${container.v4}/32`);
    expect([community?.string, largeCommunity?.string]).to.deep.equal(['65001:7 no-export', '65001:1:2']);
    expect((await path('timers', `${container.v4}/32`)).community).to.equal(undefined);
  },
  'localPreference: FRR hears it within the AS': async ({ established, path, container }) => {
    expect(await established('internal')).to.include({ localAs: 65001, remoteAs: 65001 });
    expect((await path('internal', `${container.v4}/32`)).locPrf).to.equal(250);
  },
  'untagged, allow, deny: the kernel has what is allowed and not denied, of that peer alone': async (at) => {
    await at.established('lists');
    await until(async () => (await kernelRoutes(at.machine, 1001)).includes('10.99.1.0/24'), { what: '10.99.1.0/24' });
    const routes = await kernelRoutes(at.machine, 1001);
    for (const refused of ['10.99.2.0/24', '10.98.1.0/24']) expect(routes).to.not.include(refused);
  },
  'nextHops: what lies behind a next hop on no link is reached by the route towards it': async (at) => {
    const { machine, node } = at;
    const gateway = addressOf(node.index, 'hops', 'tor');
    const way = () => machine.exec(['ip', 'route', 'show', 'table', '1001', '10.97.1.0/24']);
    await until(async () => (await way()).includes(`via ${gateway} `), { what: `10.97.1.0/24 via ${gateway}` });
  },
  'announce: the peer that is told blocks hears the block, the others the container': async ({
    heard,
    path,
    node,
    container,
  }) => {
    await path('blocks', `10.20.${node.index + 1}.0/24`);
    expect(await heard('blocks')).to.deep.equal([`10.20.${node.index + 1}.0/24`]);
    await path('timers', `${container.v4}/32`);
    expect(await heard('timers')).to.deep.equal([`${container.v4}/32`]);
  },
  'listenRanges: FRR has come by itself, and hears what the range says': async ({
    established,
    path,
    container,
    machine,
  }) => {
    await established('range');
    expect((await path('range', `${container.v4}/32`)).community?.string).to.equal('65001:8');
    await until(async () => (await rangeOf(machine, 'range')).established === 1, { what: 'the range to say so' });
  },
  'passwordFile of a listen range: the session of who knows it stands': async ({ established, path, container }) => {
    await established('signed-range');
    await path('signed-range', `${container.v4}/32`);
  },
  'interface: the peer is found by its link, and hears IPv4 over it (RFC 8950)': async ({
    established,
    path,
    heard,
    container,
  }) => {
    await established('link');
    const { nexthops, community } = await path('link', `${container.v4}/32`);
    expect(community?.string).to.equal('65001:9');
    expect(await heard('link'), 'what others are told').to.deep.equal([`${container.v4}/32`]);
    expect(nexthops.map(({ ip }) => ip).join()).to.match(/fe80::/);
  },
  'maxPrefixes: the session of who says more is ended with a reason, and opened again when he says less': (at) =>
    at.limited('limit'),
  'maxPrefixes of a listen range: the same': (at) => at.limited('limited-range'),
};

/** It takes 15 s until a session is opened again: all nodes wait for that at once. */
async function limitedAndOpenedAgain(session: Limited, { node, machine, tor, established }: At): Promise<void> {
  const view = async () => (await status(machine)).peers.find((peer: { name: string }) => peer.name === session);
  await until(async () => (await view()).overLimit, { what: `${session}: the session to be ended` });
  await until(async () => /sent more than 2 paths of a family/.test((await view()).reason), { what: 'the reason' });
  await tor(`neighbor ${addressOf(node.index, session, 'node')} prefix-list SHORT out`);
  await until(async () => (await view())?.session === 'established', { what: `${session}: the session again` });
  await established(session);
}

async function rangeOf(machine: LabNode, session: Session): Promise<{ readonly established: number }> {
  return (await status(machine)).ranges.find(({ name }: { name: string }) => name === session);
}

/** What a generation cannot do, and what becomes of it. */
const CANNOT: readonly {
  readonly release: RegExp;
  readonly setting: RegExp;
  readonly instead: string;
  readonly cell: (at: At) => Promise<void>;
}[] = [
  {
    release: / 3\.1\d\./,
    setting: /^passwordFile of a listen range/,
    instead: 'this release signs none, so the range stays closed, and status says why',
    cell: async ({ machine, established }) => {
      await established('range');
      expect((await rangeOf(machine, 'signed-range')).established).to.equal(0);
      expect((await status(machine)).troubles.join()).to.match(/gobgpd before 3\.21 does not sign sessions of a range/);
    },
  },
  {
    release: / 3\.36\./,
    setting: /^interface/,
    instead: 'this release says "::" as the next hop of what it originates, and FRR drops that',
    cell: async ({ established, path, heard, container }) => {
      await path('marks', `${container.v4}/32`);
      // Besides End-of-RIB of both families.
      await until(async () => (await established('link')).messageStats.updatesRecv > 2, { what: 'an UPDATE' });
      expect(await heard('link')).to.eql([]);
    },
  },
];

describe('settings of sessions', () => {
  let bed: Bed;
  const containers = new Map<string, Attached>();
  const limited = new Map<string, Promise<void>>();

  before(async function () {
    this.timeout(180_000);
    bed = await bedUp('generations');
    for (const node of bed.nodes) {
      for (const session of LIMITED) {
        const done = limitedAndOpenedAgain(session, at(node));
        done.catch(() => {}); // whoever awaits it hears of it
        limited.set(`${session} ${node.name}`, done);
      }
    }
    for (const { name } of bed.nodes) containers.set(name, await add(await bed.lab.container(name, `of-${name}`)));
  });
  after(() => bed?.lab.down());

  const at = (node: Node): At => {
    const tor = bed.lab.node('tor1');
    const keyOf = (session: Session | 'link') =>
      session === 'link' ? `eth${node.index + 1}` : addressOf(node.index, session, 'node');
    const other = (session: Session | 'link') => bed.lab.node(session === 'link' ? 'tor1' : torOf(session));
    // FRR names an unnumbered neighbour by its address there.
    const isBy = (session: Session | 'link', { peerId }: { readonly peerId: string }) =>
      session === 'link' ? peerId.startsWith('fe80:') : peerId === keyOf(session);
    const neighbor = async (session: Session | 'link') =>
      (await other(session).vtyshJson<Record<string, Neighbor>>(`show bgp neighbors ${keyOf(session)} json`))[
        keyOf(session)
      ];
    const paths = async (session: Session | 'link', prefix: string) =>
      (await other(session).vtyshJson<{ paths?: readonly Path[] }>(`show bgp ipv4 unicast ${prefix} json`)).paths ?? [];
    return {
      node,
      machine: bed.lab.node(node.name),
      container: containers.get(node.name)!,
      limited: (session) => limited.get(`${session} ${node.name}`)!,
      established: (session) =>
        until(
          async () => {
            const found = await neighbor(session);
            return found?.bgpState === 'Established' ? found : undefined;
          },
          { what: `the session "${session}" of ${node.release.name}` },
        ),
      path: (session, prefix) =>
        until(async () => (await paths(session, prefix)).find(({ peer }) => isBy(session, peer)), {
          what: `${prefix} by the session "${session}" of ${node.release.name}`,
        }),
      heard: async (session) => {
        const table = await other(session).vtyshJson<{ routes: Record<string, readonly { peerId: string }[]> }>(
          'show bgp ipv4 unicast json',
        );
        const own = Object.keys(table.routes).filter((prefix) => prefix.startsWith(`10.20.${node.index + 1}.`));
        return own.filter((prefix) => table.routes[prefix]?.some((path) => isBy(session, path)));
      },
      tor: (...lines) =>
        tor.exec([
          ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000', '-c', 'address-family ipv4 unicast'],
          ...lines.flatMap((line) => ['-c', line]),
        ]),
    };
  };

  for (const [i, generation] of ['3.10', '3.36', '4.8'].entries()) {
    describe(`with gobgpd ${generation} or what stands for it as the sidecar`, () => {
      for (const [setting, cell] of Object.entries(SETTINGS)) {
        it(setting, async function () {
          const node = bed.nodes.find(({ index }) => index === i);
          if (!node) {
            console.log('        - not to be had');
            return this.skip();
          }
          const cannot = CANNOT.find((one) => one.release.test(node.release.name) && one.setting.test(setting));
          if (cannot) this.test!.title += ` - not so: ${cannot.instead}`;
          await (cannot?.cell ?? cell)(at(node));
        });
      }
    });
  }
});
