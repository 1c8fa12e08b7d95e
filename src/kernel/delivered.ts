import { readFileSync } from 'node:fs';
import { LINK_PREFIX } from './ours.js';

/** The kernel's own column, after the name and its colon (proc(5), /proc/net/dev). */
const SENT_PACKETS = 9;

/** Packets that host ends have handed to containers so far. One that was removed takes its count along. */
export function packetsDelivered(): number {
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n');
  const ours = lines.map((line) => line.trim()).filter((line) => line.startsWith(LINK_PREFIX));
  return ours.reduce((sum, line) => sum + Number(line.split(':')[1]?.trim().split(/\s+/)[SENT_PACKETS] ?? 0), 0);
}
