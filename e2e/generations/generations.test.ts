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
}

interface Path {
  readonly peer: { readonly peerId: string };
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly locPrf?: number;
  readonly nexthops: readonly { readonly ip: string }[];
}

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
  /** What became of the session with a limit. */
  readonly limited: Promise<void>;
}

const OVER = { what: 'the session to be ended' };

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
    expect((await status(machine)).ranges[0]).to.include({ name: 'range', established: 1 });
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
    at.limited,
};

/** It takes 15 s until a session is opened again: all nodes wait for that at once. */
async function limitedAndOpenedAgain({ node, machine, tor, established }: Omit<At, 'limited'>): Promise<void> {
  const view = async () => (await status(machine)).peers.find((peer: { name: string }) => peer.name === 'limit');
  await until(async () => (await view()).overLimit, OVER);
  await until(async () => /sent more than 2 paths of a family/.test((await view()).reason), { what: 'the reason' });
  await tor(`neighbor ${addressOf(node.index, 'limit', 'node')} prefix-list SHORT out`);
  await established('limit');
}

/** What a generation cannot do, and why. */
const REASONS: Record<string, { readonly setting: RegExp; readonly reason: string }> = {
  'gobgpd 3.36.0': {
    setting: /^interface/,
    reason: 'over a link-local session it says "::" as the next hop of what it originates, which FRR does not use',
  },
};

describe('settings of sessions', () => {
  let bed: Bed;
  const containers = new Map<string, Attached>();
  const limited = new Map<string, Promise<void>>();

  before(async function () {
    this.timeout(180_000);
    bed = await bedUp('gens-generations');
    for (const node of bed.nodes) {
      limited.set(node.name, limitedAndOpenedAgain(at(node)));
      limited.get(node.name)?.catch(() => {}); // whoever awaits it hears of it
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
      limited: limited.get(node.name)!,
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
          const cannot = node && REASONS[node.release.name];
          if (!node || cannot?.setting.test(setting)) {
            console.log(`        - ${node ? cannot?.reason : 'not to be had'}`);
            return this.skip();
          }
          await cell(at(node));
        });
      }
    });
  }
});
