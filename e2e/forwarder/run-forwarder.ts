/**
 * Runs the built forwarder as a runtime does: an environment of nothing but what the test names, a stdin, and nobody's
 * working directory. SLASH32_FORWARDER names another build of it (the one with sanitizers).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

export const FORWARDER = resolve(process.env.SLASH32_FORWARDER ?? 'plugin/slash32');

/**
 * Milliseconds that nothing takes which does not wait, on the busiest machine; whoever waited by mistake would do so for
 * 10 s at least, the shortest deadline of the forwarder's own.
 */
export const MOMENT = 8_000;

/** What a runtime sees of one execution. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** A CNI error object, or a VERSION answer. */
export interface Printed {
  readonly cniVersion: string;
  readonly code?: number;
  readonly msg: string;
  readonly details: string;
  readonly supportedVersions?: readonly string[];
}

/** stdin of an execution that nobody ever closes. */
export const OPEN = Symbol('a stdin that stays open');

/** Executes the forwarder. `stdin` is written and closed, unless it is OPEN. */
export async function execute(
  environment: Readonly<Record<string, string>>,
  stdin: string | Uint8Array | typeof OPEN = '{}',
): Promise<Outcome> {
  const input = stdin === OPEN ? {} : { input: stdin };
  return outcome(FORWARDER, [], environment, input);
}

/** Executes a line of shell in which "$FORWARDER" is the forwarder. */
export async function executeInShell(line: string, environment: Readonly<Record<string, string>>): Promise<Outcome> {
  const path = process.env.PATH ?? '/usr/bin:/bin';
  return outcome('bash', ['-c', line], { ...environment, FORWARDER, PATH: path }, { input: '' });
}

async function outcome(file: string, args: string[], env: Readonly<Record<string, string>>, input: object) {
  const { exitCode, stdout, stderr, durationMs } = await execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    cwd: '/',
    timeout: 45_000,
    ...input,
  });
  return { exitCode, stdout: String(stdout), stderr: String(stderr), milliseconds: durationMs };
}

/** The one JSON document on stdout; throws when it is not exactly one. */
export function printed(outcome: Pick<Outcome, 'stdout'>): Printed {
  return JSON.parse(outcome.stdout) as Printed;
}

/** A directory of the test's own, gone when it is over, with the socket path in it that no controller listens at yet. */
export class Place implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 's32-forwarder-'));
  readonly run = join(this.directory, 'run');
  readonly socket = join(this.run, 'cni.sock');
  readonly tombstones = join(this.run, 'tombstones');

  /** The environment of a verb on container "c1", impatient enough for a test. */
  verb(command: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/n1',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      SLASH32_SOCKET: this.socket,
      SLASH32_CONNECT_MS: '0',
      ...more,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
