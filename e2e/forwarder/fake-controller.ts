/**
 * A controller that hears real requests on a real socket and answers whatever the test wants, right or wrong.
 */
import { mkdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';

/** One request as it arrived. */
export interface HeardRequest {
  readonly bytes: Buffer;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: Buffer;
}

/** A fake controller that listens until it is disposed. */
export interface FakeController extends AsyncDisposable {
  readonly heard: readonly HeardRequest[];
}

/** Says these bytes and closes. */
export function say(bytes: string | Uint8Array): (connection: Socket) => void {
  return (connection) => connection.end(bytes);
}

/** A well-formed answer around a document. */
export function answer(document: string, exitCode = 0): string {
  return `SLASH32/1 ${exitCode} ${Buffer.byteLength(document)}\n${document}`;
}

/** Takes a request apart as PROTOCOL.md says; throws when a length is not what the header promised. */
export function parseRequest(bytes: Buffer): HeardRequest {
  const end = bytes.indexOf('\n');
  const header = /^SLASH32\/1 (\d+) (\d+)$/.exec(bytes.toString('latin1', 0, end));
  if (header === null) throw new Error(`no request header: ${bytes.toString('latin1', 0, 80)}`);
  const [environmentLength, stdinLength] = [Number(header[1]), Number(header[2])];
  const stdinAt = end + 1 + environmentLength;
  if (bytes.length !== stdinAt + stdinLength) throw new Error(`${bytes.length} bytes behind header ${header[0]}`);
  const entries = bytes
    .toString('utf8', end + 1, stdinAt)
    .split('\0')
    .slice(0, -1);
  const environment = Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s, 2)));
  return { bytes, environment, stdin: bytes.subarray(stdinAt) };
}

/** Listens at the path; each request is heard whole, then handed to `reply`. */
export async function listenAt(
  path: string,
  reply: (connection: Socket, request: HeardRequest) => void,
): Promise<FakeController> {
  const heard: HeardRequest[] = [];
  return serve(path, heard, (connection) => {
    const chunks: Buffer[] = [];
    connection.on('data', (chunk) => chunks.push(chunk));
    connection.on('end', () => {
      if (chunks.length === 0) return connection.destroy(); // the forwarder only looked whether somebody is there
      const request = parseRequest(Buffer.concat(chunks));
      heard.push(request);
      reply(connection, request);
    });
  });
}

/** Listens at the path and closes every connection at once, unheard. */
export async function slamAt(path: string): Promise<FakeController> {
  return serve(path, [], (connection) => connection.destroy());
}

async function serve(path: string, heard: HeardRequest[], accept: (connection: Socket) => void) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    open.add(connection.on('close', () => open.delete(connection)).on('error', () => connection.destroy()));
    accept(connection);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return { heard, [Symbol.asyncDispose]: () => shut(server, open) };
}

/** Stops listening at once and hangs up on everybody, as a killed controller does. */
async function shut(server: Server, open: Iterable<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const connection of open) connection.destroy();
  await closed;
}
