/** Executes a plugin as a runtime does: an environment of nothing but what is named, a stdin, one JSON document back. */
import { execa } from 'execa';

/** A stdin that is never closed. */
export const OPEN = Symbol('a stdin that stays open');
/** A stdin that never ends. */
export const ENDLESS = Symbol('a stdin without an end');

export type Stdin = string | Uint8Array | typeof OPEN | typeof ENDLESS;

/** What a runtime sees of one execution. */
export interface Outcome {
  /** Undefined: it was killed, because its time was over or the caller wanted it so. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON: a result, or an error with `code` and `msg`. Undefined when it is not exactly one document. */
  // biome-ignore lint/suspicious/noExplicitAny: a row looks at whatever the plugin printed
  readonly json: any;
  readonly milliseconds: number;
}

/** How an execution may differ from the usual. */
export interface ExecuteOptions {
  /** After so many milliseconds it is killed with SIGKILL, as containerd does at its deadline. */
  readonly killAfter?: number;
  /** When this resolves it is killed with SIGKILL. */
  readonly killWhen?: Promise<unknown>;
}

/** Longer than any deadline of ours. */
const PATIENCE = 45_000;

/** Runs `argv` until it ends or is killed. Throws only when it cannot be started. */
export async function execute(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: Stdin,
  { killAfter = PATIENCE, killWhen }: ExecuteOptions = {},
): Promise<Outcome> {
  const [program = '', ...rest] = argv;
  const running = execa(program, rest, {
    ...{ env, extendEnv: false, cwd: '/', reject: false, stripFinalNewline: false },
    ...{ timeout: killAfter, killSignal: 'SIGKILL' as const },
    ...inputOf(stdin),
  });
  void killWhen?.then(() => running.kill('SIGKILL'));
  const done = await running;
  if (done.exitCode === undefined && done.signal === undefined && !done.timedOut) throw done;
  const [stdout, stderr] = [String(done.stdout), String(done.stderr)];
  return { exitCode: done.exitCode, stdout, stderr, json: documentIn(stdout), milliseconds: done.durationMs };
}

function inputOf(stdin: Stdin): object {
  if (stdin === OPEN) return {};
  return stdin === ENDLESS ? { inputFile: '/dev/zero' } : { input: stdin };
}

function documentIn(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
