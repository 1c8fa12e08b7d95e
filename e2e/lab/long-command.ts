/** A command that runs until it is told to stop, and whose lines count. */
import { once } from 'node:events';
import { execa } from 'execa';

export interface LongCommand {
  readonly pid: number;
  /** Everything it has printed until now. */
  printed(): string;
  /** Resolves when it prints something more; rejects when the signal comes first. */
  prints(signal: AbortSignal): Promise<unknown>;
  /** Ends it with a signal and returns everything it has printed, as lines. */
  stop(signal: 'SIGINT' | 'SIGTERM'): Promise<readonly string[]>;
}

/**
 * Starts a command in a network namespace.
 * @param fine the exit codes that are no failure
 */
export function startIn(namespace: string, argv: readonly string[], fine: readonly number[] = [0]): LongCommand {
  const running = execa('ip', ['netns', 'exec', namespace, ...argv], { reject: false, lines: true, stdin: 'ignore' });
  if (running.pid === undefined) throw new Error(`cannot start "${argv.join(' ')}" in ${namespace}`);
  let printed = '';
  running.stdout.on('data', (chunk: Buffer | string) => (printed += chunk));
  return {
    pid: running.pid,
    printed: () => printed,
    prints: (signal) => once(running.stdout, 'data', { signal }),
    async stop(signal) {
      running.kill(signal);
      const done = await running;
      if (!fine.includes(done.exitCode ?? -1) && done.signal !== signal) {
        throw new Error(
          `"${argv.join(' ')}" in ${namespace} ended with ${done.exitCode} and said: ${done.stderr.join(' ')}`,
        );
      }
      return done.stdout;
    },
  };
}
