/**
 * One node with 200 networks, filled with endpoints, and measured on the way: what ADD costs, and what a packet costs that
 * is forwarded from one container to another.
 *
 * Endpoints are namespaces that only a file descriptor of this process holds, attached through the controller's socket
 * without a forwarder. A packet between two veth pairs is forwarded within the system call that sends it, so the time of
 * that call is the time of the packet.
 */
import { closeSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { close } from '../../src/netlink/libc.js';
import { inNamespace } from '../../src/netlink/namespace.js';
import { mustSucceed } from '../lab/direct-call.js';
import { Lab } from '../lab/lab.js';
import { openUnnamedNamespace } from '../lab/unnamed-namespace.js';
import { until } from '../lab/until.js';
import { openUdp, receiveAll, sendTo } from './sockets.js';

const FABRIC = fileURLToPath(new URL('../../../e2e/isolation/fabric.clab.yml', import.meta.url));
const NETWORKS = 200;

/** What was measured with so many endpoints. */
export interface Figures {
  readonly endpoints: number;
  /** One ADD, in ms: its median, and the fastest tenth, which tells more on a machine that does other things too. */
  readonly add: { readonly median: number; readonly fast: number };
  /** One packet of 64 bytes from container to container, in µs: the fastest tenth of bursts. Then how many were lost. */
  readonly packet: Record<4 | 6, number>;
  readonly lost: number;
}

interface Attached {
  readonly id: string;
  readonly network: string;
  readonly fd: number;
  readonly addresses: readonly [string, string];
}

/** Fills one node in steps, or empties it again, and measures at each. */
export async function scale(steps: readonly number[], say: (line: string) => void): Promise<Figures[]> {
  const lab = await Lab.forTests(FABRIC, { name: 'isolation-scale', bare: true });
  const endpoints: Attached[] = [];
  try {
    await start(lab);
    const node = new Client(lab.node('node1').cniSocket);
    // In the last network, whose rule is looked at last.
    for (const id of ['sender', 'receiver']) endpoints.push(await node.attach(id, NETWORKS - 1));
    const figures: Figures[] = [];
    for (const step of steps) {
      const begin = performance.now();
      while (endpoints.length < step)
        endpoints.push(await node.attach(`c${endpoints.length}`, endpoints.length % NETWORKS));
      say(`${endpoints.length} endpoints after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
      await Promise.all(endpoints.splice(step).map((one) => node.detach(one)));
      const add = await node.costOfAdd();
      const packet = costOfPackets(endpoints[0]!, endpoints[1]!);
      figures.push({ endpoints: endpoints.length, add, ...packet });
      say(JSON.stringify(figures.at(-1)));
    }
    return figures;
  } finally {
    for (const { fd } of endpoints) closeSync(fd);
    await lab.down();
  }
}

async function start(lab: Lab): Promise<void> {
  const node = lab.node('node1');
  const file = node.boundFile('/etc/slash32/node.yaml');
  const networks = Array.from({ length: NETWORKS }, (_, i) => {
    const target = `64512:${1000 + i}`;
    const pools = [`10.${i + 1}.0.0/24`, `2001:db8:${(0x1000 + i).toString(16)}:1::/64`];
    return `  - ${JSON.stringify({ name: `n${i}`, import: [target], export: [target], pools, table: 1001 + i })}\n`;
  });
  writeFileSync(file, `${readFileSync(file, 'utf8')}networks:\n${networks.join('')}`);
  for (const one of [lab.node('tor1'), node]) for (const name of one.processes) await one.start(name);
  const isUp = async () =>
    (await lab.node('tor1').vtysh('show bgp summary json')).match(/"Established"/g)?.length === 2;
  await until(isUp, { what: 'the sessions of node1', timeout: 40_000 });
}

/** The runtime of one node. */
class Client {
  readonly #socket: string;
  #serial = 0;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** A new namespace, attached to the network of this number. */
  async attach(id: string, number: number): Promise<Attached> {
    const [fd, network] = [openUnnamedNamespace(), `n${number}`];
    const { ips } = (await this.#call('ADD', id, fd, network)) as { ips: { address: string }[] };
    const [v4 = '', v6 = ''] = ips.map(({ address }) => address.replace(/\/.*/, ''));
    return { id, network, fd, addresses: [v4, v6] };
  }

  async detach({ id, fd, network }: Attached): Promise<void> {
    await this.#call('DEL', id, fd, network);
    closeSync(fd);
  }

  /** Of ADDs that are taken back at once. */
  async costOfAdd(): Promise<Figures['add']> {
    const times: number[] = [];
    for (let i = 0; i < 41; i++) {
      const fd = openUnnamedNamespace();
      const [id, network] = [`probe${++this.#serial}`, `n${(i * 37) % NETWORKS}`];
      const begin = performance.now();
      await this.#call('ADD', id, fd, network);
      times.push(performance.now() - begin);
      await this.#call('DEL', id, fd, network);
      closeSync(fd);
    }
    return { median: quantile(times, 0.5), fast: quantile(times, 0.1) };
  }

  #call(verb: 'ADD' | 'DEL', id: string, netns: number, network: string): Promise<object> {
    return mustSucceed(this.#socket, { verb, id, netns, network });
  }
}

const ROUNDS = 400;
const BURST = 64;

/** Bursts, short enough for the receiver's buffer; the time is the sender's alone. */
function costOfPackets(from: Attached, to: Attached) {
  const cost = { 4: 0, 6: 0 };
  let lost = 0;
  for (const [family, own, target] of [
    [4, from.addresses[0], to.addresses[0]],
    [6, from.addresses[1], to.addresses[1]],
  ] as const) {
    const receiver = inNamespace(to.fd, () => openUdp(target, 7));
    const sender = inNamespace(from.fd, () => openUdp(own, 8));
    const [payload, times] = [Buffer.alloc(64), [] as number[]];
    for (let round = 0; round < ROUNDS; round++) {
      const begin = performance.now();
      for (let i = 0; i < BURST; i++) sendTo(sender, payload, target, 7);
      times.push(performance.now() - begin);
      lost += BURST - [...receiveAll(receiver)].length;
    }
    cost[family] = (quantile(times, 0.1) / BURST) * 1000;
    for (const fd of [sender, receiver]) close(fd);
  }
  return { packet: cost, lost };
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!;
}
