/**
 * Two guards stand between networks: the sender's node has no route, and the receiver's node drops what it has no route
 * back to. Each is taken away alone, by hand, and the other one is seen to hold: the packet is on the wire, or is not, and
 * in no case in the container. With both gone everything arrives, so it was these two and nothing else.
 *
 * Controllers are dead meanwhile: they would put right at once what is taken away here.
 */
import { expect } from 'chai';
import { type Fabric, isolationUp, NODES } from './fabric.js';
import { isPair, matrix } from './matrix.js';
import { hears, PLAN, reach, tableOf } from './plan.js';
import { type Attempt, attempt, type Placed, type Seen } from './prober.js';

const ROUTER = { '-4': '192.0.2.0', '-6': '2001:db8:ffff:1::' } as const;
const FAMILIES = ['-4', '-6'] as const;
const TABLES = Object.keys(PLAN.networks).map(tableOf);

/** From node1 to containers elsewhere, where the plan forbids it. */
function isForbidden(from: Placed, to: Placed): boolean {
  const areContainers = from.network !== 'host' && to.network !== 'host';
  return areContainers && from.node === 'node1' && to.node !== 'node1' && isPair(from, to) && !reach(PLAN, from, to);
}

describe('the two guards between networks', () => {
  let fabric: Fabric;
  let forbidden: [Placed, Placed][];

  before(async function () {
    this.timeout(120_000);
    fabric = await isolationUp('isolation-guards');
    forbidden = fabric.parties.flatMap((from) =>
      fabric.parties.filter((to) => isForbidden(from, to)).map((to): [Placed, Placed] => [from, to]),
    );
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

  async function sourceGuard(isThere: boolean): Promise<void> {
    for (const family of FAMILIES)
      for (const table of TABLES) {
        const route = ['default', 'via', ROUTER[family], 'dev', 'eth1', 'table', String(table)];
        await fabric.lab.node('node1').exec(['ip', family, 'route', isThere ? 'del' : 'add', ...route]);
      }
  }

  const filters = ['nft', 'list', 'table', 'inet', 'slash32'];
  const saved = new Map<string, string>();
  /** Taken away, it leaves IPv4's own reverse path filter, which looks for the same way back: that goes too. */
  async function destinationGuard(isThere: boolean): Promise<void> {
    for (const name of ['node2', 'node3']) {
      const node = fabric.lab.node(name);
      if (isThere) {
        await node.attempt(['nft', '-f', '-'], `delete table inet slash32\n${saved.get(name)}`);
        continue;
      }
      saved.set(name, await node.exec(filters));
      await node.exec(['nft', 'flush', 'chain', 'inet', 'slash32', 'return-route']);
      await node.exec(['sysctl', '-q', '-w', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.eth1.rp_filter=0']);
    }
  }

  /** Lets all forbidden pairs of node1 try, and says of each packet where it was seen. */
  async function forbiddenRound() {
    const seen = await fabric.prober.round(isForbidden, []);
    const came = (one: Attempt) => ['node2', 'node3'].some((node) => seen.uplinks.get(node)!.in.has(one));
    return { left: seen.uplinks.get('node1')!.out, came, arrived: seen.arrived };
  }

  /** Every packet of these pairs: UDP and ping, IPv4 and IPv6. */
  const packets = (among: (from: Placed, to: Placed) => boolean): Attempt[] =>
    forbidden
      .filter(([from, to]) => among(from, to))
      .flatMap(([from, to]) =>
        (['udp4', 'udp6', 'ping4', 'ping6'] as const).map((protocol) => attempt(from, to, protocol)),
      )
      .sort();
  const sorted = (seen: Seen['arrived']) => [...seen].sort();
  const senderHears = (from: Placed, to: Placed) => hears(PLAN, from, to);
  const receiverHears = (from: Placed, to: Placed) => hears(PLAN, to, from);

  it('let nothing through: without a route it does not leave, and where only the sender hears it is dropped on arrival', async () => {
    const { left, came, arrived } = await forbiddenRound();
    expect(sorted(left)).to.eql(packets(senderHears));
    expect(packets(senderHears).length).to.be.greaterThan(0);
    expect(packets(senderHears).filter((one) => !came(one))).to.eql([]);
    expect(sorted(arrived)).to.eql([]);
  });

  it('are two: without the source node’s routes kept apart, the destination node drops what has no way back', async () => {
    await sourceGuard(false);
    const { left, came, arrived } = await forbiddenRound();
    await sourceGuard(true);
    expect(sorted(left)).to.eql(packets(() => true));
    expect(packets(() => true).filter((one) => !came(one))).to.eql([]);
    expect(sorted(arrived)).to.eql(packets(receiverHears));
  });

  it('are two: without the destination node’s filter, the source node lets nothing out that it has no route for', async () => {
    await destinationGuard(false);
    const { left, arrived } = await forbiddenRound();
    await destinationGuard(true);
    expect(sorted(left)).to.eql(packets(senderHears));
    expect(sorted(arrived)).to.eql(packets(senderHears));
  });

  it('are the only ones: without both, everything arrives', async () => {
    await destinationGuard(false);
    await sourceGuard(false);
    const { arrived } = await forbiddenRound();
    await sourceGuard(true);
    expect(sorted(arrived)).to.eql(packets(() => true));
  });

  it('matrix: are both there again when the controllers are', async () => {
    for (const node of NODES) await fabric.lab.node(node).start('slash32d');
    await matrix(fabric, PLAN);
    const { arrived } = await forbiddenRound();
    expect(sorted(arrived)).to.eql([]);
  });
}).timeout(60_000);
