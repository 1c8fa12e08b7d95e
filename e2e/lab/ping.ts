/** Pings: one, to see whether somebody is reached, or without pause, to see what traffic sees while we break things. */
import { readFileSync } from 'node:fs';
import { familyOption } from './family-option.js';
import { type LongCommand, startIn } from './long-command.js';
import type { LabNode } from './node.js';
import { until } from './until.js';

/** What a run of pings has seen. */
export interface PingResult {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Milliseconds between the two answers that were farthest apart. On a busy machine more than the spacing, without any loss. */
  readonly longestGap: number;
}

export interface Pinger {
  /** How many answers there are so far. */
  answers(): number;
  /** Ends it, once a few of those sent from now on are answered, or it is clear that none will be. */
  stop(): Promise<PingResult>;
}

/** So many may be under way at the end while answers still come: a second of them, because a busy machine is late. */
const UNDER_WAY = 100;

const INTERVAL_MS = 10;

/** Does one ping get its answer within a second? */
export async function isAnswered(from: Pick<LabNode, 'attempt'>, to: string): Promise<boolean> {
  return (await from.attempt(['ping', '-n', '-c', '1', '-W', '1', to])).code === 0;
}

/** One ping every 10 ms (which only root may) from a namespace to an address, until stopped. */
export function startPinging(namespace: string, to: string): Pinger {
  // It ends with 1 when nobody has answered, which is a result like any other.
  const interval = String(INTERVAL_MS / 1000);
  const command = startIn(namespace, ['ping', '-n', '-D', '-i', interval, familyOption(to), to], [0, 1]);
  return {
    answers: () => command.printed().match(/ time=/g)?.length ?? 0,
    async stop() {
      await until(() => catchesInterrupt(command.pid), { what: `ping to ${to} to be able to say what it has seen` });
      const isAnswered = await goesOn(command);
      return countPings(await command.stop('SIGINT'), isAnswered ? UNDER_WAY : 1);
    },
  };
}

/** On a busy machine it may not have come to that yet, and would be killed without a word. One that has ended needs none. */
function catchesInterrupt(pid: number): boolean {
  try {
    const mask = /^SigCgt:\s+([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return mask === undefined || (BigInt(`0x${mask}`) & 2n) !== 0n;
  } catch {
    return true;
  }
}

/** Do answers still come? A single line may have been printed before; a few were not. */
async function goesOn(command: LongCommand): Promise<boolean> {
  const patience = AbortSignal.timeout(2 * UNDER_WAY * INTERVAL_MS);
  try {
    for (let lines = 0; lines < 5; lines++) await command.prints(patience);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads what `ping -D` prints: `[1700000000.123456] 64 bytes from 10.20.2.1: icmp_seq=7 ttl=61 time=0.05 ms`, and at the end
 * `9 packets transmitted, 8 received, ...`. The last ones may still be under way at the end: up to so many are not counted then.
 */
export function countPings(lines: readonly string[], underWay = 1): PingResult {
  const answers = new Map<number, number>();
  let transmitted: number | undefined;
  for (const line of lines) {
    const answer = /^\[(\d+\.\d+)\].* icmp_seq=(\d+) .*time=/.exec(line);
    if (answer && !answers.has(Number(answer[2]))) answers.set(Number(answer[2]), Number(answer[1]) * 1000);
    transmitted ??= Number(/^(\d+) packets transmitted/.exec(line)?.[1]) || undefined;
  }
  if (transmitted === undefined) throw new Error(`ping printed no summary:\n${lines.slice(-5).join('\n')}`);
  const received = answers.size;
  const last = Math.max(0, ...answers.keys());
  const sent = last > 0 && transmitted - last <= underWay ? last : Math.max(1, transmitted - 1);
  return { sent, received, lost: sent - received, longestGap: longestGap([...answers.values()]) };
}

function longestGap(times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((time, i) => time - times[i]!));
}
