/**
 * gRPC's calls as promises, but for those that are opened before their message (`ahead.ts`). No generated stubs: a codec's
 * Rpc has all that a call needs.
 *
 * Every call that has an end has a deadline, so that a gobgpd that hangs (SIGSTOP, a dead disk) is a failure like any
 * other instead of a promise that never settles.
 */
import { type CallOptions, Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { Rpc } from './codec.js';

/** A unary call takes 0.35 ms; one that takes two seconds has failed. */
export const UNARY_MS = 2_000;
/** A listing of 100,000 paths takes a second; on a busy node, some. */
const LISTING_MS = 30_000;

/** A client of the gobgpd behind `api`, such as `unix:///run/slash32/gobgpd.sock`. Connects when first used. Close it. */
export function openClient(api: string): Client {
  return new Client(api, credentials.createInsecure(), {
    // The first message of a watch is the whole table: 40 MB for 100,000 paths, and gRPC's default limit is 4 MB.
    'grpc.max_receive_message_length': -1,
    // A connection of its own: a shared one would hand a new session the back-off of the old one.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });
}

/** One request, one reply. */
export function unary<Request, Reply>(
  client: Client,
  rpc: Rpc<Request, Reply>,
  request: Request,
  milliseconds = UNARY_MS,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(rpc.path, rpc.encode, rpc.decode, request, within(milliseconds), (error, reply) => {
      if (error) reject(error);
      else resolve(reply as Reply);
    });
  });
}

/** One request, and each message of the reply until the daemon ends it. */
export function listing<Request, Reply>(
  client: Client,
  rpc: Rpc<Request, Reply>,
  request: Request,
  hear: (reply: Reply) => void,
  milliseconds = LISTING_MS,
): Promise<void> {
  return streamed(client, rpc, request, hear, within(milliseconds));
}

/** As a listing, but one that never ends by itself: until the signal, or until it fails. */
export function watching<Request, Reply>(
  client: Client,
  rpc: Rpc<Request, Reply>,
  request: Request,
  hear: (reply: Reply) => void,
  signal: AbortSignal,
): Promise<void> {
  return streamed(client, rpc, request, hear, {}, signal);
}

function streamed<Request, Reply>(
  client: Client,
  rpc: Rpc<Request, Reply>,
  request: Request,
  hear: (reply: Reply) => void,
  options: CallOptions,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.makeServerStreamRequest(rpc.path, rpc.encode, rpc.decode, request, options);
    // Closing a client leaves its streams open, and gobgpd queueing for them.
    signal?.addEventListener('abort', () => call.cancel(), { once: true });
    call.on('data', hear);
    call.on('end', resolve);
    call.on('error', reject);
  });
}

function within(milliseconds: number): CallOptions {
  return { deadline: Date.now() + milliseconds };
}

/** gRPC's status code, if this error has one. */
export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError | undefined)?.code;
}

/** What gobgpd or gRPC said, without the number that gRPC puts in front. */
export function reasonOf(error: unknown): string {
  const { details, message } = error as Partial<ServiceError>;
  return (details || message || String(error)).replace(/\. Resolution note:\s*$/, '');
}
