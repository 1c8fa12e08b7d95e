/**
 * A netlink socket: requests in, answers or errors out.
 *
 * The kernel works on a message inside `send` itself: when that returns, every answer lies in our receive queue (and a
 * dump fills it again from inside `recv`). So nothing here ever waits: an answer that is not there is lost, and that is
 * an error of its message. Answers get lost only when they overflow the receive buffer; a batch therefore sends no more
 * messages at once than the answers of which surely fit.
 *
 * A socket belongs to the network namespace in which it was opened, whatever thread uses it later.
 */

import { type Answers, sortIn, unanswered } from './answers.js';
import {
  attachFilter,
  bind,
  close,
  Errno,
  getsockname,
  getsockopt,
  recv,
  SystemError,
  send,
  sendAside,
  setsockopt,
  socket,
} from './libc.js';
import type { Request } from './message.js';
import {
  type Message,
  MessageBuffer,
  messagesIn,
  NLM_F_ACK,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './message.js';
import { errorIn, NetlinkError } from './netlink-error.js';

/** Which part of the kernel listens (linux/netlink.h). */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** sys/socket.h, asm-generic/socket.h */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
/** linux/netlink.h */
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_LISTEN_ALL_NSID = 8;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

const WANTED_BUFFER = 8 * 1024 * 1024;
/** An acknowledgement takes below 1 KiB of the receive buffer (struct sk_buff and 40 bytes), with a sentence up to 2. */
const ROOM_PER_ANSWER = 4096;
const MESSAGES_PER_SEND = 256;
/** The kernel fills at most 32 KiB per datagram of a dump; a larger message of any kind is refused, not cut. */
const RECEIVE_SIZE = 256 * 1024;
/** Receive buffers of sockets that are closed: making one anew costs more than all else about a short-lived socket. */
const SPARE: Buffer[] = [];
const MOST_SPARE = 4;
/** Enough for what is said to one container; grows by itself. */
const SEND_SIZE = 4096;
/** How often a dump is begun anew when the kernel says that the table changed meanwhile. */
const DUMP_ATTEMPTS = 20;

/** What failed in a batch, by the request's place in it. Everything not in it succeeded. */
export type BatchErrors = ReadonlyMap<number, NetlinkError>;

/** A piece of a dump. `torn`: the table changed meanwhile, so the pieces do not belong together. */
export interface DumpPart {
  readonly messages: readonly Message[];
  readonly torn: boolean;
}

export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #sending = new MessageBuffer(SEND_SIZE);
  readonly #receiving = SPARE.pop() ?? Buffer.allocUnsafeSlow(RECEIVE_SIZE);
  readonly #messagesPerSend: number;
  #sequence = 0;
  #open = true;

  /**
   * Opens a socket in the calling thread's network namespace.
   * @param protocol NETLINK_ROUTE, NETLINK_NETFILTER, ...
   * @param receiveBuffer bytes the kernel may queue for us; 0: as many as the system gives (some 50 answers)
   */
  constructor(protocol: number, receiveBuffer = WANTED_BUFFER) {
    this.#fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    try {
      bindToFreePort(this.#fd);
      for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
        setsockopt(this.#fd, SOL_NETLINK, option, 1);
      }
      if (receiveBuffer > 0) {
        enlarge(this.#fd, SO_SNDBUFFORCE, SO_SNDBUF, WANTED_BUFFER);
        enlarge(this.#fd, SO_RCVBUFFORCE, SO_RCVBUF, receiveBuffer);
      }
      const room = Math.floor(getsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF) / ROOM_PER_ANSWER);
      this.#messagesPerSend = Math.max(1, Math.min(MESSAGES_PER_SEND, room));
    } catch (error) {
      close(this.#fd);
      throw error;
    }
  }

  /** Our address at the kernel: events say by it who caused them. */
  get port(): number {
    return getsockname(this.#fd).readUInt32LE(4);
  }

  /** Sends one request and returns what came back besides the acknowledgement. Throws NetlinkError. */
  request(request: Request): readonly Message[] {
    const answers: Message[] = [];
    const error = this.together([request], (message) => answers.push(kept(message))).get(0);
    if (error) throw error;
    return answers;
  }

  /** Sends any number of requests, each on its own: a refused one does not hinder the others. */
  batch(requests: readonly Request[]): BatchErrors {
    const errors = new Map<number, NetlinkError>();
    for (let at = 0; at < requests.length; at += this.#messagesPerSend) {
      const part = this.#sendPart(requests.slice(at, at + this.#messagesPerSend));
      for (const [index, error] of part) errors.set(at + index, error);
    }
    return errors;
  }

  /**
   * Sends all requests in one system call, as a transaction of nfnetlink needs it. A request with NLM_F_ACK that stays
   * without an answer has failed (ENOBUFS); one without succeeded unless the kernel says otherwise.
   * @param hear called with each answer that is no acknowledgement, valid during the call only
   */
  together(requests: readonly Request[], hear: (message: Message) => void = () => {}): BatchErrors {
    const first = this.#write(requests);
    send(this.#fd, this.#sending.memory, this.#sending.length);
    return this.#acknowledged(requests, this.#answers(requests.length, first, hear));
  }

  /** `together` on another thread, for what makes the kernel wait. One at a time, and nothing else meanwhile. */
  async togetherAside(requests: readonly Request[]): Promise<BatchErrors> {
    const first = this.#write(requests);
    await sendAside(this.#fd, this.#sending.memory, this.#sending.length);
    return this.#acknowledged(
      requests,
      this.#answers(requests.length, first, () => {}),
    );
  }

  /**
   * Asks for a whole table. Begins anew when the table changed meanwhile, so that the answer is one state of it.
   * Throws NetlinkError when the kernel refuses, or when the table never holds still.
   */
  dump<T>(request: Request, decode: (message: Message) => T | undefined): T[] {
    for (let attempt = 1; ; attempt++) {
      const found: T[] = [];
      let still = true;
      for (const { messages, torn } of this.dumpParts(request)) {
        if (torn) still = false;
        for (const message of messages) {
          const item = decode(message);
          if (item !== undefined) found.push(item);
        }
      }
      if (still) return found;
      if (attempt === DUMP_ATTEMPTS) throw new NetlinkError(Errno.EBUSY, `the table changed during ${attempt} dumps`);
    }
  }

  /** A dump datagram by datagram, so that the caller may pause in between. Nothing else may use the socket meanwhile. */
  *dumpParts(request: Request): Generator<DumpPart> {
    const sequence = this.#write([request]);
    send(this.#fd, this.#sending.memory, this.#sending.length);
    for (;;) {
      const datagram = this.receive();
      if (!datagram) throw new NetlinkError(Errno.ENOBUFS, 'the answer to a dump was lost');
      const part = [...messagesIn(datagram)].filter((message) => message.sequence === sequence);
      const end = part.find((message) => message.type === NLMSG_DONE || message.type === NLMSG_ERROR);
      const error = end && errorIn(end);
      if (error) throw error;
      yield {
        messages: part.filter((message) => message !== end),
        torn: part.some((message) => message.flags & NLM_F_DUMP_INTR),
      };
      if (end) return;
    }
  }

  /** Queues only what a classic BPF program lets in. */
  filter(program: Buffer): void {
    attachFilter(this.#fd, program);
  }

  /** Joins a multicast group: its messages come through `receive`. */
  join(group: number): void {
    setsockopt(this.#fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  }

  /** Of its groups, it hears what happens in every namespace that has an id in this one. */
  hearEveryNamespace(): void {
    setsockopt(this.#fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1);
  }

  /**
   * The next datagram, or undefined when there is none. A view, valid until the next call.
   * Throws SystemError ENOBUFS when the kernel had to drop some.
   */
  receive(): Buffer | undefined {
    const length = recv(this.#fd, this.#receiving);
    if (length === undefined) return undefined;
    if (length > this.#receiving.length) throw new RangeError(`netlink datagram of ${length} bytes`);
    return this.#receiving.subarray(0, length);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    close(this.#fd);
    if (SPARE.length < MOST_SPARE) SPARE.push(this.#receiving);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Errors come unasked, so of a part only the last message asks for an acknowledgement: it says that the kernel has been
   * through all of them, and saves as many system calls as there are messages.
   */
  #sendPart(requests: readonly Request[]): BatchErrors {
    const last = requests.length - 1;
    const first = this.#write(requests, (flags, index) => (index === last ? flags | NLM_F_ACK : flags & ~NLM_F_ACK));
    send(this.#fd, this.#sending.memory, this.#sending.length);
    const { errors, answered, overflown } = this.#answers(requests.length, first, () => {});
    if (overflown || !answered.has(last)) {
      for (const index of requests.keys()) if (!answered.has(index)) errors.set(index, unanswered());
    }
    return errors;
  }

  #acknowledged(requests: readonly Request[], { errors, answered }: Answers): BatchErrors {
    for (const [index, { flags }] of requests.entries()) {
      if (flags & NLM_F_ACK && !answered.has(index)) errors.set(index, unanswered());
    }
    return errors;
  }

  /** Writes the requests with a sequence number each and returns the first. */
  #write(requests: readonly Request[], flagsOf = (flags: number, _index: number) => flags): number {
    // The number wraps long before 2^32, and 0 stays unused: events carry it.
    if (this.#sequence + requests.length >= 0xffff_ffff) this.#sequence = 0;
    const first = this.#sequence + 1;
    this.#sending.clear();
    for (const [index, request] of requests.entries()) {
      this.#sending.message(request, ++this.#sequence, flagsOf(request.flags, index));
    }
    return first;
  }

  #answers(count: number, first: number, hear: (message: Message) => void): Answers {
    const answers: Answers = { errors: new Map(), answered: new Set(), overflown: false };
    for (;;) {
      const datagram = this.#receiveOrOverflow();
      if (!datagram) return answers;
      if (datagram === 'overflow') answers.overflown = true;
      else for (const message of messagesIn(datagram)) sortIn(answers, message, message.sequence - first, count, hear);
    }
  }

  #receiveOrOverflow(): Buffer | 'overflow' | undefined {
    try {
      return this.receive();
    } catch (error) {
      if (error instanceof SystemError && error.errno === Errno.ENOBUFS) return 'overflow';
      throw error;
    }
  }
}

/** struct sockaddr_nl with port 0: the kernel picks one. */
function bindToFreePort(fd: number): void {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK);
  bind(fd, address);
}

/** The forced form passes net.core.[rw]mem_max but needs CAP_NET_ADMIN in the initial user namespace. */
function enlarge(fd: number, forced: number, plain: number, size: number): void {
  try {
    setsockopt(fd, SOL_SOCKET, forced, size);
  } catch {
    setsockopt(fd, SOL_SOCKET, plain, size);
  }
}

/** A copy that outlives the receive buffer. */
function kept(message: Message): Message {
  return { ...message, body: Buffer.from(message.body) };
}
