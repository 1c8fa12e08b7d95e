/**
 * A client-stream call that is opened before there is anything to say: then one message, half-close, and the reply.
 *
 * Opening a call (headers, choice of a connection, a stream on it, gobgpd's own preparations) is a third of what an announcement
 * costs, and an ADD that announces need not wait for it. While it waits, a call has no deadline, for gRPC's begins at the
 * opening; once it has its message it has ours. A call that is lost while it waits is nobody's failure: the next message opens
 * one for itself.
 */
import { type Client, type ClientWritableStream, status } from '@grpc/grpc-js';
import { UNARY_MS } from './call.js';
import type { Rpc } from './codec.js';

/** Says one message at a time over calls of its own. Dispose of it before its client. */
export interface Ahead<Request, Reply> extends Disposable {
  say(message: Request): Promise<Reply>;
}

interface Opened<Request, Reply> {
  readonly call: ClientWritableStream<Request>;
  readonly reply: Promise<Reply>;
}

/** Whoever waits for the last reply goes first. */
const REST_MS = 5;

/** @param milliseconds how long an answer may take */
export function ahead<Request, Reply>(
  client: Client,
  rpc: Rpc<Request, Reply>,
  milliseconds = UNARY_MS,
): Ahead<Request, Reply> {
  let waiting: Opened<Request, Reply> | undefined;
  let isOver = false;
  const prepare = () => {
    if (isOver || waiting) return;
    const opened = open(client, rpc);
    waiting = opened;
    opened.reply.catch(() => {
      if (waiting === opened) waiting = undefined;
    });
  };
  const say = async (message: Request) => {
    const opened = waiting ?? open(client, rpc);
    waiting = undefined;
    try {
      opened.call.end(message);
      return await within(milliseconds, opened);
    } finally {
      setTimeout(prepare, REST_MS).unref();
    }
  };
  const close = () => {
    isOver = true;
    // Closing a client leaves its streams open.
    waiting?.call.cancel();
  };
  prepare();
  return { say, [Symbol.dispose]: close };
}

function open<Request, Reply>(client: Client, rpc: Rpc<Request, Reply>): Opened<Request, Reply> {
  let call!: ClientWritableStream<Request>;
  const reply = new Promise<Reply>((resolve, reject) => {
    call = client.makeClientStreamRequest(rpc.path, rpc.encode, rpc.decode, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as Reply);
    });
  });
  return { call, reply };
}

/** gRPC's own deadline cannot be set on a call that is open already. */
async function within<Request, Reply>(milliseconds: number, { call, reply }: Opened<Request, Reply>): Promise<Reply> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    call.cancel();
  }, milliseconds);
  try {
    return await reply;
  } catch (error) {
    if (!isLate) throw error;
    throw Object.assign(new Error(`no answer within ${milliseconds} ms`), { code: status.DEADLINE_EXCEEDED });
  } finally {
    clearTimeout(timer);
  }
}
