/** `slash32 drain` and `undrain`. */
import type { DrainReport } from '../model/duty.js';
import { ask } from './ask.js';

/** Everything of a drain that is no waiting for traffic: announcing and withdrawing, each for half a minute at most. */
const BESIDES = 65;

export function drain(socket: string, seconds: number): Promise<DrainReport> {
  return ask(socket, `/drain?seconds=${seconds}`, { method: 'POST', seconds: seconds + BESIDES });
}

export function undrain(socket: string): Promise<void> {
  return ask(socket, '/undrain', { method: 'POST', seconds: BESIDES });
}

export function drainText({ moved, seconds, packetsBefore, packetsAfter }: DrainReport): string {
  const traffic = `${packetsBefore} packets/s to containers before, ${packetsAfter} at the end`;
  const outcome = moved ? 'traffic has moved' : 'traffic has not moved in time, and what was left was cut off';
  return `drained in ${seconds.toFixed(1)} s: ${outcome} (${traffic}); nothing is announced until "slash32 undrain"`;
}
