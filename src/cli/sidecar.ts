/** `slash32 sidecar`: the supervisor as a command, until SIGTERM or SIGINT. */
import { Command } from 'commander';
import { runSidecar } from '../sidecar/sidecar.js';
import { wholeNumber } from './whole-number.js';

interface Options {
  readonly api: string;
  readonly gobgpd: string;
  readonly hold: number;
  readonly withdrawOnStop?: true;
}

/** The command, for the CLI to add. */
export function sidecarCommand(): Command {
  return new Command('slash32 sidecar')
    .description('run gobgpd: start it, restart it, kill it when it hangs')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .option('--api <socket>', 'where gobgpd listens', 'unix:///run/slash32/gobgpd.sock')
    .option('--gobgpd <path>', 'the binary', 'gobgpd')
    .option(
      '--hold <seconds>',
      'hold time of the BGP sessions: a hang is found in less than a third of it',
      wholeNumber(3, 65_535),
      9,
    )
    .option(
      '--withdraw-on-stop',
      'say goodbye to peers, so that they drop our routes at once (default: they keep them)',
    )
    .action(sidecar);
}

async function sidecar({ api, gobgpd, hold, withdrawOnStop }: Options): Promise<void> {
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
  const stop = withdrawOnStop ? 'withdraw' : 'silent';
  await runSidecar({ api, gobgpd, holdSeconds: hold, stop }, ended.signal);
}
