/**
 * Two guards stand between networks: the sender's node has no route, and the receiver's node drops what it has no route
 * back to. Each is taken away alone, by hand, and the other one is seen to hold: the packet is on the wire, or is not, and
 * in no case in the container. With both gone everything arrives, so it was these two and nothing else.
 *
 * Controllers are dead meanwhile: they would put right at once what is taken away here.
 */
import { expect } from 'chai';
import { type Fabric, isolationUp, NODES } from './fabric.js';
import { isPair, matrix, pairs } from './matrix.js';
import { hears, PLAN, reach, tableOf } from './plan.js';
import { type Attempt, attempt, type Placed, PROTOCOLS, type Protocol, type Seen } from './prober.js';

const FAMILIES = ['-4', '-6'] as const;
const TABLES = Object.keys(PLAN.networks).map(tableOf);

/** Who sends, and to whom: both directions between one node and the others. */
const DIRECTIONS = [
  { senders: ['node1'], receivers: ['node2', 'node3'] },
  { senders: ['node2', 'node3'], receivers: ['node1'] },
] as const;
type Direction = (typeof DIRECTIONS)[number];

/** From containers of the senders to those of the receivers, where the plan forbids it. */
const isForbidden =
  ({ senders, receivers }: Direction) =>
  (from: Placed, to: Placed): boolean => {
    const areContainers = from.network !== 'host' && to.network !== 'host';
    const isBetween = senders.some((name) => name === from.node) && receivers.some((name) => name === to.node);
    return areContainers && isBetween && isPair(from, to) && !reach(PLAN, from, to);
  };

/** The ToR's address on the link of a node. */
function routerOf(node: string, family: (typeof FAMILIES)[number]): string {
  const number = Number(node.replace(/\D/g, ''));
  return family === '-4' ? `192.0.2.${2 * number - 2}` : `2001:db8:ffff:${number}::`;
}

describe('the two guards between networks', () => {
  let fabric: Fabric;

  before(async function () {
    this.timeout(120_000);
    fabric = await isolationUp('isolation-guards');
    await matrix(fabric, PLAN);
    for (const node of NODES) await fabric.lab.node(node).kill('slash32d', 'SIGKILL');
    await knowUnannounced();
  });
  after(() => fabric?.down());

  /** The ToR knows every container, also those that nobody announces: it guards nothing here. */
  async function knowUnannounced(): Promise<void> {
    for (const { node, v4, v6 } of [...fabric.containers.values()].filter(({ network }) => network === 'isolated')) {
      const host = fabric.parties.find((party) => party.network === 'host' && party.node === node)!;
      for (const [own, via] of [
        [v4, host.v4],
        [v6, host.v6],
      ])
        await fabric.lab.node('tor1').exec(['ip', 'route', 'replace', own!, 'via', via!]);
    }
  }

  /** Away: every table of the nodes leads everywhere. */
  async function sourceGuard(nodes: readonly string[], isThere: boolean): Promise<void> {
    for (const name of nodes)
      for (const family of FAMILIES)
        for (const table of TABLES) {
          const route = ['default', 'via', routerOf(name, family), 'dev', 'eth1', 'table', String(table)];
          await fabric.lab.node(name).exec(['ip', family, 'route', isThere ? 'del' : 'add', ...route]);
        }
  }

  const filters = ['nft', 'list', 'table', 'inet', 'slash32'];
  const saved = new Map<string, string>();
  const reversePath = new Map<string, readonly string[]>();
  /** Taken away, it leaves IPv4's own reverse path filter, which looks for the same way back: that goes too. */
  async function destinationGuard(nodes: readonly string[], isThere: boolean): Promise<void> {
    for (const name of nodes) {
      const node = fabric.lab.node(name);
      if (isThere) {
        await node.attempt(['nft', '-f', '-'], `delete table inet slash32\n${saved.get(name)}`);
        await node.exec(['sysctl', '-q', '-w', ...reversePath.get(name)!]);
        continue;
      }
      saved.set(name, await node.exec(filters));
      await node.exec(['nft', 'flush', 'chain', 'inet', 'slash32', 'return-route']);
      const settings = await node.exec(['sysctl', 'net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.eth1.rp_filter']);
      reversePath.set(name, settings.replaceAll(' ', '').trim().split('\n'));
      await node.exec(['sysctl', '-q', '-w', ...reversePath.get(name)!.map((one) => one.replace(/\d$/, '0'))]);
    }
  }

  const sorted = (seen: Iterable<Attempt>) => [...seen].sort();
  const senderHears = (from: Placed, to: Placed) => hears(PLAN, from, to);
  const receiverHears = (from: Placed, to: Placed) => hears(PLAN, to, from);

  for (const direction of DIRECTIONS) {
    const { senders, receivers } = direction;

    const leftIn = (seen: Seen) => senders.flatMap((node) => [...seen.uplinks.get(node)!.out]);
    const cameIn = (seen: Seen) => (one: Attempt) => receivers.some((node) => seen.uplinks.get(node)!.in.has(one));

    /**
     * Lets all forbidden pairs try, and says of each packet where it was seen: on the wire here and there, and inside.
     * @param leaving what has to leave the senders, and come to the receivers
     * @param arriving what has to get inside
     */
    const forbiddenRound = async (leaving: readonly Attempt[], arriving: readonly Attempt[]) => {
      const isAll = (seen: Seen) => leaving.every(cameIn(seen)) && arriving.every((one) => seen.arrived.has(one));
      const seen = await fabric.prober.round(isForbidden(direction), isAll);
      return {
        left: leftIn(seen),
        came: cameIn(seen),
        arrived: sorted(seen.arrived),
        answered: sorted(seen.answered),
      };
    };

    /** Every packet of these pairs. A container tells of what it hears by UDP and ping; TCP shows on the wire. */
    const packets = (
      among: (from: Placed, to: Placed) => boolean,
      protocols: readonly Protocol[] = PROTOCOLS,
    ): Attempt[] =>
      pairs(fabric.parties, isForbidden(direction))
        .filter(([from, to]) => among(from, to))
        .flatMap(([from, to]) => protocols.map((protocol) => attempt(from, to, protocol)))
        .sort();
    const TOLD = ['udp4', 'udp6', 'ping4', 'ping6'] as const;

    describe(`from ${senders.join(' and ')} to ${receivers.join(' and ')}`, () => {
      it('matrix: let nothing through: without a route it does not leave, and where only the sender hears it is dropped on arrival', async () => {
        const { left, came, arrived, answered } = await forbiddenRound(packets(senderHears), []);
        expect(sorted(left)).to.eql(packets(senderHears));
        expect(packets(senderHears).length).to.be.greaterThan(0);
        expect(packets(senderHears).filter((one) => !came(one))).to.eql([]);
        expect(arrived).to.eql([]);
        expect(answered).to.eql([]);
      });

      it('matrix: are two: without the sender’s routes kept apart, the receiver’s node drops what has no way back', async () => {
        await sourceGuard(senders, false);
        const [leaving, arriving] = [packets(() => true), packets(receiverHears, TOLD)];
        const { left, came, arrived } = await forbiddenRound(leaving, arriving).finally(() =>
          sourceGuard(senders, true),
        );
        expect(sorted(left)).to.eql(packets(() => true));
        expect(packets(() => true).filter((one) => !came(one))).to.eql([]);
        expect(arrived).to.eql(packets(receiverHears, TOLD));
      });

      it('matrix: are two: without the receiver’s filter, the sender’s node lets nothing out that it has no route for', async () => {
        await destinationGuard(receivers, false);
        const [leaving, arriving] = [packets(senderHears), packets(senderHears, TOLD)];
        const { left, arrived } = await forbiddenRound(leaving, arriving).finally(() =>
          destinationGuard(receivers, true),
        );
        expect(sorted(left)).to.eql(packets(senderHears));
        expect(arrived).to.eql(packets(senderHears, TOLD));
      });

      it('matrix: are the only ones: without both, everything arrives', async () => {
        await destinationGuard(receivers, false);
        await sourceGuard(senders, false);
        const all = packets(() => true, TOLD);
        const { arrived } = await forbiddenRound([], all).finally(async () => {
          await sourceGuard(senders, true);
          await destinationGuard(receivers, true);
        });
        expect(arrived).to.eql(all);
      });
    });
  }

  // Last: the tests of a suite come before those of the suites in it.
  describe('when the controllers are back', () => {
    it('matrix: are both there again', async () => {
      for (const node of NODES) await fabric.lab.node(node).start('slash32d');
      await matrix(fabric, PLAN);
    });
  });
}).timeout(120_000);
