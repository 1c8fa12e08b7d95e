/**
 * Which BGP daemons slash32 works with: each cell of the table is one test here, on real daemons and the real kernel. All
 * daemons speak at once, in one lab, in several scenes. Witnesses are their own clients, `ip`, `ss`, and Debian's gobgp.
 *
 * The last test prints the table and compares it with docs/interop.md; UPDATE_DOCS=1 writes it there.
 */
import { expect } from 'chai';
import { monitorRoutes, type RouteEvent } from '../lab/route-monitor.js';
import { add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { addressOf, type Bed, bedUp, NODE_ASN, ownPrefix, type Peer, type Scene, TARGET } from './bed.js';
import { DAEMONS, REASONS } from './daemons/all.js';
import { compareWithDocs } from './docs.js';
import { type Absences, longAbsence } from './long-absence.js';
import { type Column, FEATURES, type Feature, interopTable, type Result } from './table.js';
import {
  aMomentAfterEndOfRib,
  crashGobgpd,
  everySession,
  heardBy,
  hopLimits,
  hostRoute,
  notHeardBy,
  routedTo,
  saidToNode2,
  socketsTo,
  spreadOver,
  type WithdrawalWatch,
  watchWithdrawals,
} from './witness.js';

const FAMILIES = [4, 6] as const;
const EBGP: Scene = { asn: (index) => 65_101 + index };
const IBGP: Scene = { asn: () => NODE_ASN.node1, nodes: ['node1'] };
const LINK_LOCAL: Scene = { asn: EBGP.asn, nodes: ['node1'], linkLocal: true };
const TOO_MANY: Scene = { asn: EBGP.asn, nodes: ['node1'], peer: { maxPrefixes: 2 }, prefixes: 3 };
const LONG_LIVED = { asn: EBGP.asn, nodes: ['node1'], kept: { restart: 5, longLived: 12 } } as const satisfies Scene;
const FENCED: Scene = { asn: (index) => 4_200_000_101 + index, password: 'correct-horse', ttlSecurity: true };

/** How late a timer may show on a busy machine, in s. */
const LATE = 10;

describe('interop', () => {
  let bed: Bed;
  let container: Readonly<Record<4 | 6, string>>;
  const results = new Map(DAEMONS.map(({ name }) => [name, new Map<Feature, Result>()]));

  before(async function () {
    this.timeout(900_000); // with the time that packages may take to come
    bed = await bedUp('interop', DAEMONS);
    await bed.play(EBGP);
    const { v4, v6 } = await add(await bed.lab.container('node1', 'blue-1'));
    container = { 4: v4, 6: v6 };
  });
  after(() => bed?.[Symbol.asyncDispose]());

  /** A row of the table: a test for each daemon that has the feature. */
  function row(feature: Feature, test: (peer: Peer) => Promise<void>): void {
    for (const { name } of DAEMONS) {
      if (REASONS[name]?.[feature]) {
        results.get(name)!.set(feature, '-');
        continue;
      }
      it(`${feature}: ${name}: ${FEATURES[feature]}`, async function () {
        const peer = bed.peers.find(({ daemon }) => daemon.name === name);
        if (!peer) return this.skip(); // The last test says why.
        results.get(name)!.set(feature, 'FAILS');
        await test(peer);
        results.get(name)!.set(feature, 'works');
      });
    }
  }

  /** Both directions: what a container of node1 is to the daemon, and what the daemon's own prefix is to node1. */
  async function bothWays(peer: Peer, family: 4 | 6) {
    await routedTo(bed, peer, family);
    return heardBy(peer, container[family]);
  }

  describe('eBGP', () => {
    row('eBGP', async (peer) => {
      const established = async () => new Set(await peer.daemon.established(peer.place));
      for (const family of FAMILIES) {
        const node = addressOf('node1', peer.index, family, 'node');
        await until(async () => (await established()).has(node), { what: `${peer.daemon.name} to be up with ${node}` });
        expect((await heardBy(peer, container[family])).asPath).to.equal(String(NODE_ASN.node1));
      }
    });
    row('IPv4', async (peer) => void (await bothWays(peer, 4)));
    row('IPv6', async (peer) => void (await bothWays(peer, 6)));
    row('targets kept', async (peer) => {
      for (const family of FAMILIES) {
        expect((await heardBy(peer, container[family])).targets).to.eql([TARGET]);
        expect((await saidToNode2(bed, peer, hostRoute(container[family]))).targets).to.eql([TARGET]);
      }
    });

    row('ECMP', async ({ index }) => {
      for (const family of FAMILIES) {
        await spreadOver(bed, container[family], addressOf('node2', index, family, 'daemon'));
      }
    });

    describe('after gobgpd of a node was killed', () => {
      let watch: WithdrawalWatch;
      before(async function () {
        this.timeout(240_000);
        const transits = bed.peers.filter(({ daemon }) => !REASONS[daemon.name]?.['targets kept']);
        watch = await watchWithdrawals(bed, transits);
        await crashGobgpd(bed);
      });
      after(() => watch?.stop());
      row('GR: our gobgpd is killed', async ({ index }) => {
        const withdrawn = FAMILIES.flatMap(
          (family) => watch.withdrawn.get(addressOf('node2', index, family, 'daemon')) ?? [],
        );
        for (const family of FAMILIES) expect(withdrawn).to.not.include(hostRoute(container[family]));
      });
    });

    describe('after the daemons were killed', () => {
      let deleted: readonly RouteEvent[];
      before(async function () {
        this.timeout(240_000);
        const monitor = await monitorRoutes(bed.lab.node('node1').namespace);
        await Promise.all(bed.peers.map((peer) => bed.crash(peer)));
        await everySession(bed, 'node1');
        await aMomentAfterEndOfRib();
        deleted = (await monitor.stop()).filter((event) => event.deleted);
      });
      row('GR: it is killed itself', async (peer) => {
        for (const family of FAMILIES) {
          const [own] = ownPrefix(peer.index, family).split('/') as [string];
          expect(deleted.filter(({ route }) => route.split(' ').includes(own))).to.eql([]);
          await bothWays(peer, family);
        }
      });
    });
  });

  describe('while gobgpd of a node stays away for longer than the restart time', () => {
    let absences: ReadonlyMap<Peer, Absences>;
    before(async () => {
      await bed.play(LONG_LIVED);
      const helpers = bed.peers.filter(({ daemon }) => !REASONS[daemon.name]?.LLGR);
      absences = await longAbsence(bed, helpers, container);
    });
    row('LLGR', async (peer) => {
      const { restart, longLived } = LONG_LIVED.kept;
      for (const { staleAfter, goneAfter } of absences.get(peer)!.values()) {
        expect(staleAfter).to.be.within(restart - 1, restart + longLived);
        expect(goneAfter).to.be.within(restart + longLived - 1, restart + longLived + LATE);
      }
    });
  });

  describe('iBGP', () => {
    before(() => bed.play(IBGP));
    row('iBGP', async (peer) => {
      for (const family of FAMILIES) expect((await bothWays(peer, family)).asPath).to.equal('');
    });
  });

  describe('a drained node', () => {
    const slash32 = async (...words: string[]) =>
      expect((await bed.lab.node('node1').slash32(...words)).code).to.equal(0);
    before(async function () {
      this.timeout(180_000);
      for (const peer of bed.peers) for (const family of FAMILIES) await heardBy(peer, container[family]);
      await slash32('drain', '--timeout', '1');
    });
    row('drain', async (peer) => {
      for (const family of FAMILIES) await notHeardBy(peer, container[family]);
    });
    it('is heard again by every daemon once that is over', async () => {
      await slash32('undrain');
      for (const peer of bed.peers) for (const family of FAMILIES) await heardBy(peer, container[family]);
    });
  });

  describe('link-local addresses', () => {
    before(() => bed.play(LINK_LOCAL));
    row('RFC 8950', async (peer) => {
      for (const family of FAMILIES) {
        await heardBy(peer, container[family], peer.linkLocal.node);
        // FRR adds the global address that its link happens to have, and that goes first (RFC 2545 section 3).
        const { daemon } = peer.linkLocal;
        await routedTo(bed, peer, family, [daemon, addressOf('node1', peer.index, 6, 'daemon')]);
      }
    });
  });

  describe('more prefixes than a peer may say', () => {
    before(() => bed.play(TOO_MANY));
    row('max-prefix', async (peer) => {
      await bothWays(peer, 6);
      await until(() => /max\w*[- ](number of )?prefix/i.test(peer.daemon.log(peer.place)), {
        what: `${peer.daemon.name} to be told of the limit; its log:\n${peer.daemon.log(peer.place).slice(-1500)}`,
        timeout: 45_000,
      });
      const node = addressOf('node1', peer.index, 4, 'node');
      expect(await peer.daemon.established(peer.place)).to.not.include(node);
    });
  });

  // Last, because gobgpd's listener keeps a password until it ends.
  describe('4-byte AS numbers, passwords and TTL security', () => {
    let limits: ReadonlyMap<string, ReadonlySet<number>>;
    before(async function () {
      this.timeout(180_000);
      await bed.play(FENCED);
      await everySession(bed, 'node1');
      const ends = ['node', 'daemon'] as const;
      const addresses = bed.peers.flatMap(({ index }) =>
        FAMILIES.flatMap((family) => ends.map((end) => addressOf('node1', index, family, end))),
      );
      limits = await hopLimits(bed, addresses);
    });
    row('4-byte AS', async (peer) => {
      for (const family of FAMILIES) {
        expect((await bothWays(peer, family)).asPath).to.equal(String(NODE_ASN.node1));
        const own = await saidToNode2(bed, peer, ownPrefix(peer.index, family));
        expect(own.asPath).to.equal(String(FENCED.asn(peer.index)));
      }
    });
    row('MD5', async (peer) => {
      for (const family of FAMILIES) {
        await bothWays(peer, family);
        const sockets = await socketsTo(bed, addressOf('node1', peer.index, family, 'daemon'));
        expect(sockets).to.match(/\bmd5keys?:/);
      }
    });
    row('GTSM', async ({ index }) => {
      for (const family of FAMILIES) {
        for (const end of ['node', 'daemon'] as const) {
          expect([...(limits.get(addressOf('node1', index, family, end)) ?? [])]).to.eql([255]);
        }
      }
    });
  });

  // In a describe, because mocha runs a suite's own tests first.
  describe('the table', () =>
    it('of this run is the one in docs/interop.md', async () => {
      const columns = bed.peers.map(async ({ daemon, place }): Promise<Column> => {
        const title = `${daemon.title} ${await daemon.version(place)}`;
        return { title, results: results.get(daemon.name)!, reasons: REASONS[daemon.name] ?? {} };
      });
      const table = interopTable(await Promise.all(columns));
      console.log(table.replace(/^/gm, '      '));
      for (const [name, reason] of bed.missing) console.log(`      ${name} could not be had: ${reason}`);
      if (bed.missing.size === 0) compareWithDocs(table);
    }));
});
