/**
 * A BGP speaker that says what it is told, and tells the moment it began. Runs by itself in the namespace of the feeder:
 *
 *   node speaker.js LOCAL PEER ASN
 *
 * It keeps one session with PEER, dialling until it stands, and prints `established`. Then a line on stdin is a command, and
 * each is answered with a line `BEGIN END`: CLOCK_MONOTONIC ns before the first byte was written and after the last.
 *
 *   announce FIRST COUNT       so many /32 from 10.128.0.0 + FIRST on, packed as routers pack them
 *   withdraw FIRST COUNT
 *   churn RATE SECONDS         an UPDATE of one /32 at a time, evenly; what is announced is withdrawn again
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { KEEPALIVE, NOTIFICATION, OPEN, readMessages, writeMessage } from '../src/gobgp/bgp-message.js';
import * as bgp from './bgp-message.js';

const PORT = 179;
const FIRST_PREFIX = 0x0a800000;
const TARGET = [64512, 100] as const;
/** How often the churn is taken back and forth: an even number, so that nothing stays. */
const PASSES = 12;

const [local = '', peer = '', asn = ''] = process.argv.slice(2);
const me: bgp.Speaker = { asn: Number(asn), address: local, hold: 9 };

/** Dials until a session stands. */
async function session(): Promise<Socket> {
  for (;;) {
    const socket = await established().catch(() => undefined);
    if (socket) return socket;
    await pause(200);
  }
}

/** One attempt. Once the session stands, its end is the end of this process. */
function established(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: peer, port: PORT, localAddress: local }, () => socket.write(bgp.openMessage(me)));
    let rest: Buffer = Buffer.alloc(0);
    let stands = false;
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      const taken = readMessages(Buffer.concat([rest, data]));
      rest = taken.rest;
      for (const { type, body } of taken.messages) {
        if (type === OPEN) socket.write(writeMessage(KEEPALIVE));
        if (type === NOTIFICATION) socket.destroy(new Error(`notification ${body[0]}/${body[1]}`));
        if (type === KEEPALIVE && !stands) {
          stands = true;
          resolve(socket);
        }
      }
    });
    socket.on('error', (error) => {
      if (stands) process.stderr.write(`${error.message}\n`);
    });
    socket.on('close', () => (stands ? process.exit(1) : reject(new Error('closed'))));
  });
}

/** Writes, and resolves when the kernel has taken all of it. */
function write(socket: Socket, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve())));
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => FIRST_PREFIX + first + i);

async function churn(socket: Socket, rate: number, seconds: number): Promise<void> {
  const total = rate * seconds;
  const window = Math.ceil(total / PASSES);
  const begin = performance.now();
  for (let sent = 0; sent < total; await pause(5)) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * rate));
    const updates = Array.from({ length: due - sent }, (_, i) => update(sent + i, window));
    if (updates.length > 0) await write(socket, Buffer.concat(updates));
    sent = due;
  }
}

function update(serial: number, window: number): Buffer {
  const prefix = [FIRST_PREFIX + (serial % window)];
  return Math.floor(serial / window) % 2 === 0 ? bgp.announcements(prefix, me, TARGET) : bgp.withdrawals(prefix);
}

async function obey(socket: Socket, command: string): Promise<void> {
  const [verb, a = 0, b = 0] = command.split(' ').map((word, i) => (i === 0 ? word : Number(word))) as [
    string,
    number,
    number,
  ];
  const data =
    verb === 'announce'
      ? bgp.announcements(range(a, b), me, TARGET)
      : verb === 'withdraw'
        ? bgp.withdrawals(range(a, b))
        : undefined;
  const begin = process.hrtime.bigint();
  await (data ? write(socket, data) : churn(socket, a, b));
  process.stdout.write(`${begin} ${process.hrtime.bigint()}\n`);
}

const socket = await session();
await write(socket, bgp.endOfRib());
setInterval(() => socket.write(writeMessage(KEEPALIVE)), (me.hold / 3) * 1000);
process.stdout.write('established\n');
for await (const command of createInterface(process.stdin)) await obey(socket, command);
process.exit(0);
