#!/usr/bin/env node
/**
 * The tests with real clients alone, with as many rounds as you like: `npm run clients -- --rounds 100`.
 * Names choose files (`ctr`, `cri`), `--only TEXT` chooses tests by their titles.
 * What is left on the host afterwards is named, and is a failure.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { differences, foreignState } from '../../dist/e2e/lab/foreign-state.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string' }, only: { type: 'string' } },
  allowPositionals: true,
});
if (values.rounds !== undefined && !/^[1-9]\d{0,4}$/.test(values.rounds)) {
  console.error(`not a number of rounds: "${values.rounds}" (expected like --rounds 100)`);
  process.exit(2);
}

const before = await foreignState();
const files = (positionals.length > 0 ? positionals : ['*']).map((name) => `dist/e2e/clients/${name}.test.js`);
const env = { ...process.env, ...(values.rounds ? { SLASH32_TEST_ROUNDS: values.rounds } : {}) };
const mocha = [
  join(root, 'node_modules/mocha/bin/mocha.js'),
  '--no-config',
  '--timeout',
  '90000',
  ...(values.only ? ['--grep', values.only] : []),
  ...files,
];
const { status } = spawnSync(process.execPath, mocha, { cwd: root, env, stdio: 'inherit' });
// Labs of other tests may come and go at the same time.
const changes = differences(before, await foreignState()).filter((change) => !/s32-(?!clients)/.test(change));
for (const change of changes) console.log(`the host is not as it was: ${change}`);
process.exitCode = status || (changes.length > 0 ? 1 : 0);
