#!/usr/bin/env node
/**
 * All tests: those that need nothing, and as root those on real daemons and the real kernel, one after the other.
 * The last line has the true counts over all. What the host had before, it must have afterwards: a difference is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differences, foreignState } from '../dist/e2e/lab/foreign-state.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const temporary = mkdtempSync(join(tmpdir(), 's32-test-'));
const started = performance.now();

try {
  const counts = [unitTests(), await endToEndTests()];
  const total = (name) => counts.reduce((sum, count) => sum + count[name], 0);
  const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')];
  console.log(`\nall tests took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true });
}

function unitTests() {
  headline('unit tests');
  return mocha('unit', ['dist/src/**/*.test.js', 'dist/bench/**/*.test.js']);
}

async function endToEndTests() {
  if (process.getuid() !== 0) {
    headline('end to end tests: skipped, they need root (network namespaces, real daemons)');
    return { passed: 0, failed: 0, skipped: 0 };
  }
  headline('end to end tests');
  const before = await foreignState();
  const counts = mocha('e2e', ['--config', 'e2e/.mocharc.json']);
  const changes = differences(before, await foreignState());
  for (const change of changes) console.log(`the host is not as it was: ${change}`);
  return changes.length > 0 ? { ...counts, failed: counts.failed + 1 } : counts;
}

/** Runs mocha in a process of its own. A run that crashes, or finds no test, counts as one failure. */
function mocha(name, args) {
  const file = join(temporary, `${name}.json`);
  const reporter = ['--reporter', 'e2e/reporter.mjs', '--reporter-option', `counts=${file}`];
  const done = spawnSync(process.execPath, [join(root, 'node_modules/mocha/bin/mocha.js'), ...args, ...reporter], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 75 * 60_000,
  });
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  const isComplete =
    existsSync(file) && (done.status === 0) === (counts.failed === 0) && counts.passed + counts.failed > 0;
  if (isComplete) return counts;
  console.log(
    `the ${name} run found no test or did not come to its end (${done.signal ?? done.status}): counted as a failure`,
  );
  return { ...counts, failed: counts.failed + 1 };
}

function headline(text) {
  console.log(`\n== ${text}`);
}
