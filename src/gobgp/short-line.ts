/**
 * The short way to gobgpd, for what is said all day and must be quick: announcements and withdrawals.
 *
 * grpc-js takes 1.3 ms of processor time for a call that comes after a rest, and an ADD waits for it. So there is a second
 * connection, on which HTTP/2 (RFC 9113) is written by hand: one HEADERS frame that is always the same, one DATA frame, one
 * write. Of answers it understands exactly one: success, byte for byte as Go's gRPC says it. Whatever else comes, a message
 * that is too long, or a connection that is gone is `unclear`; then the caller says it again by grpc-js, which has words for
 * everything. Saying a thing twice is harmless.
 */
import { connect, type Socket } from 'node:net';
import { callFrames, Flag, FrameType, frameOf, framesIn, PREFACE, saysSuccess } from './short-frames.js';

/** `late`: gobgpd did not answer in time; it hangs, and would not answer by another way either. */
export type Said = 'taken' | 'unclear' | 'late';

/** A connection that has been understood once. */
export interface ShortLine extends Disposable {
  /**
   * One call with one message. Never rejects.
   * @param path gRPC's path of a method whose reply says nothing but that it worked
   */
  say(path: string, message: Buffer): Promise<Said>;
}

const LATE_MS = 2_000;
/** No message longer than the smallest frame that everybody takes (RFC 9113 section 4.2), with gRPC's five bytes. */
const MOST_BYTES = 16_384 - 5;
/** What may be under way before the other side says that it has read some (RFC 9113 section 6.9.2). */
const FIRST_WINDOW = 65_535;
/** Stream identifiers are odd and never come again; they end at 2^31. */
const LAST_STREAM = 0x7fff_ffff;

/**
 * Opens a line and asks something. Resolves with undefined when `api` is no unix socket, or the answer is not understood: then
 * there is no short way, as with a gRPC that is not Go's.
 */
export async function openShortLine(api: string, question: string): Promise<ShortLine | undefined> {
  const path = /^unix:(\/\/)?(\/.*)$/.exec(api)?.[2];
  if (path === undefined) return undefined;
  const line = new Line(connect(path));
  if ((await line.say(question, Buffer.alloc(0))) === 'taken') return line;
  line[Symbol.dispose]();
  return undefined;
}

class Line implements ShortLine {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (said: Said) => void>();
  #unread: Buffer = Buffer.alloc(0);
  #next = 1;
  #window = FIRST_WINDOW;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#over());
    socket.unref();
    socket.write(PREFACE);
  }

  say(path: string, message: Buffer): Promise<Said> {
    const isPossible = this.#next <= LAST_STREAM && message.length <= Math.min(MOST_BYTES, this.#window);
    if (this.#socket.destroyed || !isPossible) return Promise.resolve('unclear');
    const stream = this.#next;
    this.#next += 2;
    this.#window -= message.length + 5;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#answered(stream, 'late'), LATE_MS);
      this.#waiting.set(stream, (said) => {
        clearTimeout(late);
        resolve(said);
      });
      this.#socket.write(callFrames(path, stream, message));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const all = this.#unread.length > 0 ? Buffer.concat([this.#unread, bytes]) : bytes;
    const { frames, rest } = framesIn(all);
    this.#unread = rest;
    for (const { type, flags, stream, payload } of frames) {
      const isAnswer = (flags & Flag.acknowledged) !== 0;
      if (type === FrameType.settings && !isAnswer) this.#write(FrameType.settings, Buffer.alloc(0));
      else if (type === FrameType.ping && !isAnswer) this.#write(FrameType.ping, payload);
      else if (type === FrameType.windowUpdate && stream === 0) this.#window += payload.readUInt32BE() & 0x7fff_ffff;
      else if (type === FrameType.headers && (flags & Flag.endOfStream) !== 0)
        this.#answered(stream, saysSuccess(flags, payload) ? 'taken' : 'unclear');
      else if (type === FrameType.resetStream) this.#answered(stream, 'unclear');
      else if (type === FrameType.goAway) this.#socket.destroy();
    }
  }

  #write(type: number, payload: Buffer): void {
    this.#socket.write(frameOf(type, Flag.acknowledged, 0, payload));
  }

  #answered(stream: number, said: Said): void {
    this.#waiting.get(stream)?.(said);
    this.#waiting.delete(stream);
  }

  #over(): void {
    for (const stream of [...this.#waiting.keys()]) this.#answered(stream, 'unclear');
  }
}
