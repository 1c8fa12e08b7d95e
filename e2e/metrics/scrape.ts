/** Asks a node's controller for its metrics as an operator does, and reads them strictly. */
import { type Exposition, numberIn, readExposition } from '../../src/metrics/exposition.fixture.js';
import type { LabNode } from '../lab/node.js';
import { until } from '../lab/until.js';
import { slash32 } from '../networks/slash32.js';

/** By the command, from the admin socket. */
export async function scrape(node: LabNode): Promise<Exposition> {
  return readExposition(`${await slash32(node, 'metrics')}\n`);
}

/** Over TCP, from within the node. Throws when nobody answers, or another than 200. */
export async function scrapeOver(node: LabNode, place: string): Promise<Exposition> {
  const program = `const answer = await fetch('http://${place}/metrics');
    if (answer.status !== 200 || !answer.headers.get('content-type').startsWith('text/plain; version=0.0.4')) process.exit(1);
    process.stdout.write(JSON.stringify(await answer.text()));`;
  const text = await node.exec([process.execPath, '--input-type=module', '-e', program]);
  return readExposition(JSON.parse(text));
}

/** Waits until a series has this value. `name` may leave out `slash32_`. */
export async function untilMetric(node: LabNode, name: string, value: number, timeout?: number): Promise<void> {
  let seen: number | undefined;
  await until(async () => (seen = numberIn(await scrape(node), `slash32_${name}`)) === value, {
    what: `slash32_${name} to be ${value}`,
    ...(timeout !== undefined && { timeout }),
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${seen}`);
  });
}
