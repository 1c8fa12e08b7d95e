/** `npm run conformance`: the matrix, row by row, on our own plugin or on any other. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { type Tried, tryAll } from './matrix.js';
import { slash32OnLab } from './on-lab.js';
import { onOracle } from './on-oracle.js';
import { pageOf } from './table.js';

const { plugin, writeTable } = new Command('conformance')
  .option('--plugin <path>', 'try this plugin, with host-local, instead of our own')
  .option('--write-table <file>', 'write where it differs from us, and why, as a page')
  .parse()
  .opts<{ plugin?: string; writeTable?: string }>();

if (plugin) accessSync(plugin, constants.X_OK); // Says which file, before anything is made.
const subject = plugin
  ? await onOracle(resolve(plugin), 'conformance-oracle-run')
  : await slash32OnLab('conformance-run');
try {
  console.log(`conformance of ${subject.plugin}\n`);
  const tried = await tryAll(subject, tell);
  if (writeTable) writeFileSync(writeTable, pageOf(subject.name, tried));
  summary(tried, subject.isOurs);
} finally {
  await subject.down();
}

function tell({ row, verdict }: Tried): void {
  const reason = verdict.is === 'not applicable' ? ` (${verdict.reason})` : '';
  console.log(
    `${(verdict.is === 'not applicable' ? 'skipped' : verdict.is).padEnd(8)}${row.id.padEnd(12)} ${row.promise}${reason}`,
  );
  if (verdict.is === 'differs') for (const how of verdict.how) console.log(`${' '.repeat(21)}- ${how}`);
}

/** Only failures of ours are the run's own: what an oracle does differently is its result. */
function summary(tried: readonly Tried[], isOurs: boolean): void {
  const ids = (is: string) => tried.filter(({ verdict }) => verdict.is === is).map(({ row }) => row.id);
  const failed = ids('differs');
  if (failed.length > 0) console.log(`\n${subject.name} differs in: ${failed.join(', ')}`);
  console.log(`\n${ids('ok').length} passed, ${failed.length} failed, ${ids('not applicable').length} skipped`);
  if (isOurs && failed.length > 0) process.exitCode = 1;
}
