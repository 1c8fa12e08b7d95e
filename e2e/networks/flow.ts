/** Live traffic between two containers, a thousand packets a second each way, and what became of it. */
import { close } from '../../src/netlink/libc.js';
import {
  acceptOne,
  enlargeQueue,
  isConnected,
  openListener,
  openUdp,
  receiveAll,
  sendTo,
  startConnecting,
  within,
  write,
} from '../isolation/sockets.js';
import { waitedForProcessor } from '../lab/processor.js';
import { until } from '../lab/until.js';

/** Who talks: a container with its addresses. */
export interface Talker {
  readonly namespace: string;
  readonly v4: string;
  readonly v6: string;
}

export interface Counted {
  readonly sent: number;
  readonly lost: number;
  /** Packets a second, as they were really sent. */
  readonly rate: number;
}

/** How long nothing has to come before a flow counts as cut, and how long before one that stands is doubted, in ms. */
const [SILENCE, DOUBT] = [1500, 100];
/** Who was kept waiting catches up in steps: more at once would overflow a queue of the kernel (netdev_max_backlog, 1,000). */
const AT_ONCE = 20;
let nextPort = 20_000;

/** UDP from one to the other and back, numbered. Ends with what was lost on the way, either way. */
export class UdpFlow {
  readonly #fds: readonly [number, number];
  readonly #ends: readonly [string, string];
  readonly #port = nextPort++;
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #arrived = [new Set<number>(), new Set<number>()] as const;
  readonly #lastArrival = [0, 0];
  #sent = 0;
  /** So many are sent in all. */
  #end = Number.POSITIVE_INFINITY;

  constructor(a: Talker, b: Talker, family: 4 | 6) {
    this.#ends = family === 4 ? [a.v4, b.v4] : [a.v6, b.v6];
    this.#fds = [a, b].map(({ namespace }, i) => within(namespace, () => openUdp(this.#ends[i]!, this.#port))) as [
      number,
      number,
    ];
    for (const fd of this.#fds) enlargeQueue(fd);
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  /** When the last packet came to either end, in ms of performance.now(). */
  get lastArrival(): number {
    this.#receive();
    return Math.max(...this.#lastArrival);
  }

  /** Ends it, when what is due has been sent, and what is on its way has arrived. */
  async stop(): Promise<Counted> {
    const seconds = (performance.now() - this.#start) / 1000;
    this.#end = Math.floor(seconds * 1000);
    await until(() => this.#sent === this.#end, { what: 'everything to be sent' });
    clearInterval(this.#timer);
    await until(() => this.#lost() === 0, { what: 'the last packet', timeout: 1000 }).catch(() => {});
    const lost = this.#lost();
    for (const fd of this.#fds) close(fd);
    return { sent: 2 * this.#sent, lost, rate: this.#sent / seconds };
  }

  #lost(): number {
    this.#receive();
    return this.#arrived.reduce((sum, arrived) => sum + this.#sent - arrived.size, 0);
  }

  /** A packet for each millisecond that has passed; a busy machine sends some later, none less. */
  #tick(): void {
    const due = Math.min(Math.floor(performance.now() - this.#start), this.#end, this.#sent + AT_ONCE);
    const number = Buffer.alloc(4);
    for (; this.#sent < due; this.#sent++) {
      number.writeUInt32BE(this.#sent);
      sendTo(this.#fds[0], number, this.#ends[1], this.#port);
      sendTo(this.#fds[1], number, this.#ends[0], this.#port);
    }
    this.#receive();
  }

  #receive(): void {
    for (const [i, fd] of this.#fds.entries())
      for (const { bytes } of receiveAll(fd)) {
        this.#arrived[i]!.add(bytes.readUInt32BE());
        this.#lastArrival[i] = performance.now();
      }
  }
}

/** A TCP connection that stands, with bytes going both ways every millisecond. */
export class TcpFlow {
  readonly #fds: readonly number[];
  readonly #timer: NodeJS.Timeout;
  #lastArrival = 0;

  /** Connects, and returns when the connection stands. */
  static async open(from: Talker, to: Talker, family: 4 | 6): Promise<TcpFlow> {
    const [own, target, port] = family === 4 ? [from.v4, to.v4, nextPort++] : [from.v6, to.v6, nextPort++];
    const listener = within(to.namespace, () => openListener(target, port));
    try {
      const client = within(from.namespace, () => startConnecting(own, target, port));
      if (client === undefined) throw new Error(`${own} has no way to ${target}`);
      await until(() => isConnected(client), { what: `${own} to connect to ${target}`, timeout: 10_000 });
      const server = await until(() => acceptOne(listener), { what: `${target} to accept`, timeout: 10_000 });
      return new TcpFlow([client, server]);
    } finally {
      close(listener);
    }
  }

  private constructor(fds: readonly number[]) {
    this.#fds = fds;
    this.#timer = setInterval(() => {
      for (const fd of fds) write(fd, Buffer.from('x'));
      this.#receive();
    }, 1);
  }

  /** When the last byte came to either end, in ms of performance.now(). */
  get lastArrival(): number {
    this.#receive();
    return this.#lastArrival;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const fd of this.#fds) close(fd);
  }

  #receive(): void {
    for (const fd of this.#fds) for (const _ of receiveAll(fd)) this.#lastArrival = performance.now();
  }
}

/**
 * Lets something happen that ends these flows. Returns how long after its beginning the last packet came, in ms, less the
 * time in which this machine kept its processes waiting.
 */
export async function timeToEnd(flows: readonly { lastArrival: number }[], what: () => Promise<void>): Promise<number> {
  const silence = (flow: { lastArrival: number }) => performance.now() - flow.lastArrival;
  await until(() => flows.every((flow) => silence(flow) < DOUBT), { what: 'all flows to stand' });
  const [start, waited] = [performance.now(), waitedForProcessor()];
  await what();
  await until(() => flows.every((flow) => silence(flow) > SILENCE), { what: 'the flows to end' });
  const took = Math.max(...flows.map(({ lastArrival }) => lastArrival)) - start;
  const kept = waitedForProcessor() - waited;
  console.log(
    `        the last packet came ${took.toFixed(0)} ms later (and processes waited for ${kept.toFixed(0)} ms)`,
  );
  return took - kept;
}
