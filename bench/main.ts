/**
 * `npm run bench`: what ours costs beside its peers, in the same run. Progress goes to stderr, the table to stdout.
 *
 * Each measurement (rows/) brings up a lab of its own and removes it. A measurement that fails costs its own rows only: the
 * others are printed, and the exit code is 1.
 */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { allFigures, type Measured, renew } from './document.js';
import { type Figure, ROWS, type RowName } from './figure.js';
import { abandon } from './labs.js';
import { describeMachine, isQuiet, type Machine, machineText, occupation, occupationText } from './machine.js';
import type { Measurement } from './measurement.js';
import { figureTable } from './report.js';
import { resultJson } from './result.js';
import { remote, tor } from './rows/announce.js';
import { attach } from './rows/attach.js';
import { churn } from './rows/churn.js';
import { imports } from './rows/import.js';
import { memory } from './rows/memory.js';
import { pass } from './rows/pass.js';
import { path } from './rows/path.js';
import { start } from './rows/start.js';
import { storm } from './rows/storm.js';

const MEASUREMENTS: readonly Measurement[] = [attach, storm, tor, remote, imports, pass, churn, memory, path, start];

interface Options {
  readonly only: readonly RowName[];
  readonly rounds?: number;
  readonly quick: boolean;
  readonly json?: string;
  readonly docs: boolean;
}

async function main(options: Options): Promise<void> {
  if (options.docs && options.quick) throw new Error('--quick is not for figures: leave out --docs');
  const begin = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - begin) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  const run = { machine: describeMachine(), command: commandLine() };
  const measured: Measured = {};
  for (const measurement of MEASUREMENTS) {
    const names = measurement.rows.filter((row) => options.only.includes(row));
    if (names.length === 0) continue;
    const tell = (line: string) => say(`${names.join(' ')}: ${line}`);
    const seen = { at: new Date().toISOString(), occupation: await occupation() };
    tell(occupationText(seen.occupation));
    const figures = await attempt(measurement, names, options, tell);
    const rows = [...new Set(figures.map(({ row }) => row))].map(
      (name) => [name, { ...run, ...seen, figures: figures.filter(({ row }) => row === name) }] as const,
    );
    Object.assign(measured, Object.fromEntries(rows));
    if (options.docs) renew(measured);
  }
  print(run.machine, measured);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(resultJson(allFigures(measured)), null, 2)}\n`);
}

function print(machine: Machine, measured: Measured): void {
  const noisy = Object.entries(measured).filter(([, row]) => !isQuiet(row.occupation));
  const warnings = noisy.map(([name, row]) => `${name}: ${occupationText(row.occupation)}\n`).join('');
  process.stdout.write(`${machineText(machine)}\n${warnings}\n${figureTable(allFigures(measured))}\n`);
}

/** The figures of the wanted rows; none, and exit code 1 in the end, when the measurement fails. */
async function attempt(
  measurement: Measurement,
  rows: readonly RowName[],
  { rounds = measurement.rounds, quick }: Options,
  say: (line: string) => void,
): Promise<readonly Figure[]> {
  say('begins');
  try {
    const figures = await measurement.measure({ rounds, quick, say, wants: (row) => rows.includes(row) });
    return figures.filter(({ row }) => rows.includes(row));
  } catch (error) {
    say(`FAILED: ${(error as Error).stack}`);
    process.exitCode = 1;
    return [];
  }
}

function commandLine(): string {
  return ['npm run bench --', ...process.argv.slice(2)].join(' ').replace(/ --$/, '');
}

function rowNames(text: string): RowName[] {
  const names = text.split(',') as RowName[];
  const unknown = names.find((name) => !ROWS.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`no row "${unknown}"; there are: ${ROWS.join(', ')}`);
  return names;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on is expected');
  return value;
}

const running = new Command('npm run bench --')
  .description('What slash32 costs beside its peers, measured in the same run')
  .addOption(new Option('--only <names>', 'some rows, comma-separated').argParser(rowNames).default(ROWS, 'all'))
  .addOption(new Option('--rounds <n>', 'how often each is measured (default: what the row needs)').argParser(positive))
  .option('--quick', 'a tenth of the load: to see that it works, not for figures', false)
  .option('--json <file>', 'writes the figures')
  .option('--docs', 'renews the measured rows in docs/performance.{json,md,svg}', false)
  .action(main)
  .parseAsync();

/** An interrupted run leaves nothing behind either; a second signal while it cleans up is ignored. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.on(signal, () => {});
    process.stderr.write(`${signal}: removing the labs ...\n`);
    abandon(running).finally(() => process.exit(130));
  });
}

await running;
