/**
 * Greets a peer as a stranger would, to find out why gobgpd has no session with it: 3.x tells nobody. The connection is
 * ended before it could become a session, so nothing is ever exchanged on it.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Greeting, Peer, Reply, Speaker } from '../model/peer.js';
import {
  type BgpMessage,
  KEEPALIVE,
  NOTIFICATION,
  OPEN,
  readMessages,
  readOpen,
  writeNotification,
  writeOpen,
} from './bgp-message.js';

const BGP_PORT = 179;
/** Each step: to connect, to hear an OPEN, to hear what is said to ours. */
const STEP_MS = 2_000;
/** Cease, connection rejected (RFC 4486). */
const CEASE = [6, 5] as const;

/** After a session has failed, speakers take no connection for a while (GoBGP: 5 s), so the first silence says little. */
const TRIES = 4;
const PAUSE_MS = 1_700;

/** Greets it. Takes 12 s at most, and never rejects. */
export async function greet(peer: Peer, speaker: Speaker, port = BGP_PORT): Promise<Greeting> {
  for (let tries = 1; ; tries++) {
    const greeting = await greetOnce(peer, speaker, port);
    if (greeting.kind !== 'closed' || tries === TRIES) return greeting;
    await sleep(PAUSE_MS);
  }
}

async function greetOnce(peer: Peer, speaker: Speaker, port: number): Promise<Greeting> {
  const host = peer.device === undefined ? peer.address : `${peer.address}%${peer.device}`;
  const { localAddress } = peer;
  const socket = connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  const ear = listenTo(socket);
  try {
    const trouble = await ear.connected;
    if (trouble) return trouble;
    const first = await ear.next();
    if (typeof first === 'string') return { kind: first };
    if (first.type !== OPEN) return { kind: 'closed' };
    const { asn, routerId } = readOpen(first.body);
    socket.write(writeOpen(speaker, (peer.timers ?? speaker.timers).hold));
    const reply = replyOf(await ear.next());
    if (reply === 'taken') socket.write(writeNotification(...CEASE));
    return { kind: 'open', asn, routerId, reply };
  } catch {
    return { kind: 'closed' }; // what answers there does not speak BGP
  } finally {
    socket.end();
    socket.destroySoon();
  }
}

function replyOf(message: BgpMessage | 'silent' | 'closed'): Reply {
  if (typeof message === 'string') return message;
  if (message.type === NOTIFICATION) return { code: message.body[0] ?? 0, subcode: message.body[1] ?? 0 };
  return message.type === KEEPALIVE ? 'taken' : 'silent';
}

/** What comes on a socket, message by message. */
function listenTo(socket: Socket) {
  const queue: BgpMessage[] = [];
  let [rest, ended, wake] = [Buffer.alloc(0), false, () => {}];
  const over = () => {
    ended = true;
    wake();
  };
  socket.on('data', (data) => {
    try {
      const read = readMessages(Buffer.concat([rest, data]));
      queue.push(...read.messages);
      rest = Buffer.from(read.rest);
      wake();
    } catch {
      over();
    }
  });
  socket.on('close', over);
  const connected = new Promise<Greeting | undefined>((resolve) => {
    socket.once('connect', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(troubleOf(error.code ?? '')));
    setTimeout(() => resolve(socket.pending ? { kind: 'silent' } : undefined), STEP_MS).unref();
  });
  const next = async (): Promise<BgpMessage | 'silent' | 'closed'> => {
    if (queue.length === 0 && !ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, STEP_MS).unref();
      });
    }
    return queue.shift() ?? (ended ? 'closed' : 'silent');
  };
  return { connected, next };
}

function troubleOf(code: string): Greeting {
  if (code === 'ECONNREFUSED') return { kind: 'refused' };
  if (code === 'ECONNRESET' || code === 'EPIPE') return { kind: 'closed' };
  return code === 'ETIMEDOUT' ? { kind: 'silent' } : { kind: 'unreachable', code };
}
