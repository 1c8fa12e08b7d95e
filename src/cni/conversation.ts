/**
 * One connection of a forwarder, from its first byte to our answer.
 *
 *   reading --frame--> waiting --turn--> working --> answered
 *
 * The forwarder shuts its half down once it has sent all, so "end of stream" does not mean that it has left. A write of
 * no bytes tells: to a socket whose other end is closed Linux answers EPIPE before it looks at the length
 * (unix_stream_sendmsg, net/unix/af_unix.c), and to a living one it is nothing at all.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Answered, answerTo } from './answer.js';
import { CODE } from './cni-error.js';
import { nameOf } from './environment.js';
import { BadFrame, encodeAnswer, type Frame, frameReader } from './frame.js';
import type { Log } from './log.js';
import type { Turns } from './turns.js';
import type { Handle } from './verbs.js';

export interface Conversation {
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
  /** Closes it without an answer unless its verb runs already: the forwarder knows what to do then. */
  leave(): void;
  /** Calls its verb off. */
  callOff(): void;
}

export interface Surroundings {
  readonly handle: Handle;
  readonly log: Log;
  readonly turns: Turns;
  readonly answered: Answers;
}

/** Hears of each answer once it is on its way: the code is 0 or the error's, the time that of the verb alone, in ms. */
export type Answers = (verb: string, code: number, milliseconds: number) => void;

/** How long a request may take to arrive, and an answer to be taken, in milliseconds. */
const PATIENCE = 10_000;
/** How often we ask whether the forwarder is still there, in milliseconds. */
const LISTENING_AFTER = 250;

/** Talks with the forwarder at the other end of `socket`. */
export function converse(socket: Socket, around: Surroundings): Conversation {
  const left = new AbortController();
  let working = false;
  let isAnswered = false;
  socket.on('error', () => socket.destroy());
  // Nobody is to be told of an end that is in order; and an abort makes an error, with a stack.
  socket.on('close', () => {
    if (!isAnswered) left.abort();
  });
  const talk = async () => {
    const frame = await readFrame(socket);
    using _asking = stillThere(socket);
    using _turn = await around.turns.take(left.signal);
    working = true;
    const started = performance.now();
    const answered = await answerTo(frame, around.handle, left.signal);
    const took = performance.now() - started;
    isAnswered = true;
    socket.end(encodeAnswer(answered));
    socket.setTimeout(PATIENCE, () => socket.destroy());
    report(around, frame, answered, took); // nobody waits for a log line
  };
  const over = talk().catch((error: unknown) => {
    socket.destroy();
    if (error instanceof BadFrame) around.log.warn(`closed a connection: ${error.message}`);
  });
  return { over, leave: () => working || socket.destroy(), callOff: () => left.abort() };
}

/** The whole request. Rejects with BadFrame when it breaks a limit, ends early or takes too long. */
function readFrame(socket: Socket): Promise<Frame> {
  const reader = frameReader();
  const { promise, resolve, reject } = withResolvers<Frame>();
  const timer = setTimeout(() => reject(new BadFrame(`no request within ${PATIENCE / 1000} s`)), PATIENCE);
  const early = () => reject(new BadFrame('it was closed before its request was complete'));
  const read = (chunk: Buffer) => {
    try {
      const frame = reader.push(chunk);
      if (frame) resolve(frame);
    } catch (error) {
      reject(error);
    }
  };
  socket.on('data', read).on('end', early).on('close', early);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off('data', read).off('end', early).off('close', early);
    // Not kept, and not left unread either: behind unread bytes the end of the stream would hide.
    socket.on('data', () => socket.destroy());
  });
}

function stillThere(socket: Socket): Disposable {
  const timer = setInterval(() => socket.readableEnded && socket.writable && socket.write(''), LISTENING_AFTER);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** One line per verb. */
function report({ log, answered }: Surroundings, frame: Frame, { failure }: Answered, took: number): void {
  const { verb, containerId, ifname } = nameOf(frame.environment);
  const code = failure?.code ?? 0;
  answered(verb, code, took);
  const facts = { verb, containerId, ifname, code, ms: Math.round(took * 10) / 10 };
  if (!failure) log.info(`${verb} done`, facts);
  else if (failure.code !== CODE.internal) log.warn(`${verb} failed: ${failure.message}`, facts);
  else log.error(`${verb} failed: ${failure.message}`, { ...facts, stack: stackOf(failure) });
}

function stackOf(failure: Error): string | undefined {
  return failure.cause instanceof Error ? failure.cause.stack : failure.stack;
}

/** Node 20 has no Promise.withResolvers. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
