/** For tests: what a runtime hands to the forwarder, and a forwarder that hands it on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeFrame, type Frame } from './frame.js';

/** The variables of an ADD that has nothing wrong with it. */
export const CONTAINER = {
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/c1',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
};

/** The least configuration that has nothing wrong with it. */
export const CONF = { cniVersion: '1.0.0', name: 'blue', type: 'slash32' };

/** A frame of these variables (undefined leaves one out) and this stdin (an object is printed as JSON). */
export function frameOf(variables: { [name: string]: string | undefined }, stdin: object | string | Uint8Array): Frame {
  const lines = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}\0`));
  const bytes = stdin instanceof Uint8Array ? stdin : typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
  return { environment: Buffer.from(lines.join('')), stdin: Buffer.from(bytes) };
}

/** The frame of one verb for a container that is fine, with changes. */
export function verb(
  command: string,
  changes: { conf?: object; env?: { [name: string]: string | undefined } } = {},
): Frame {
  return frameOf({ CNI_COMMAND: command, ...CONTAINER, ...changes.env }, { ...CONF, ...changes.conf });
}

/** Connects as the forwarder does, sends everything and closes its half. */
export async function forwarder(socket: string, frame: Frame | Uint8Array): Promise<Socket> {
  const connection = connect({ path: socket, allowHalfOpen: true });
  await once(connection, 'connect');
  connection.end(frame instanceof Uint8Array ? frame : encodeFrame(frame));
  return connection;
}

/** What the forwarder would print, and how it would exit. Undefined when the connection was closed without an answer. */
export async function answerOf(connection: Socket): Promise<{ exitCode: number; document: unknown } | undefined> {
  const chunks: Buffer[] = [];
  connection.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  await new Promise((resolve) => connection.on('close', resolve).on('end', () => connection.destroy()));
  const text = Buffer.concat(chunks).toString();
  const header = /^SLASH32\/1 (\d+) (\d+)\n/.exec(text);
  if (!header) return undefined;
  const body = text.slice(header[0].length);
  if (Buffer.byteLength(body) !== Number(header[2])) throw new Error(`the answer's length is not ${header[2]}`);
  return { exitCode: Number(header[1]), document: body === '' ? undefined : JSON.parse(body) };
}
