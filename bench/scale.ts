/** `npm run bench:scale`: what ADD and a forwarded packet cost on one node with 200 networks, up to 2,000 endpoints. */
import { scale } from '../e2e/isolation/scale.js';

const STEPS = [2, 100, 1000, 2000];

const cell = (value: number) => value.toFixed(2).padStart(10);
const figures = await scale(STEPS, (line) => process.stdout.write(`${line}\n`));
process.stdout.write('\nendpoints  ADD p50 ms   fast ms  v4 packet µs  v6 packet µs  lost\n');
for (const { endpoints, add, packet, lost } of figures) {
  const row = [add.median, add.fast, packet[4], packet[6]].map(cell).join('  ');
  process.stdout.write(`${String(endpoints).padStart(9)}${row}  ${lost}\n`);
}
