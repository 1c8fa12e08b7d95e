/** Named network namespaces, as `ip netns` keeps them: a file in /run/netns holds each one alive. */
import { existsSync, statSync } from 'node:fs';
import { execa } from 'execa';
import { processesIn, signalProcess } from './process.js';

/** What a command said. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path that opens a namespace, as a runtime would name it. */
export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** Makes a namespace with its loopback up. */
export async function addNamespace(namespace: string): Promise<void> {
  await execa('ip', ['netns', 'add', namespace]);
  await execa('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
}

/** Kills what runs in a namespace and removes it with all its links. What is gone already is fine. */
export async function removeNamespace(namespace: string): Promise<void> {
  const path = namespacePath(namespace);
  if (!existsSync(path)) return;
  // Twice, because what is killed may have been about to start something.
  for (const _ of [1, 2]) await Promise.all(processesIn(inodeOf(namespace)).map((it) => signalProcess(it, 'SIGKILL')));
  await execa('ip', ['netns', 'delete', namespace]);
}

/** The nsfs inode that tells this namespace from all others. */
export function inodeOf(namespace: string): number {
  return statSync(namespacePath(namespace)).ino;
}

/** Runs a command in a namespace and hands back what it said, whatever its exit code. */
export async function attemptIn(namespace: string, argv: readonly string[], input?: string): Promise<Output> {
  return attempt(['ip', 'netns', 'exec', namespace, ...argv], input);
}

/** Runs a command and hands back what it said, whatever its exit code. Throws when it cannot be started. */
export async function attempt(argv: readonly string[], input = ''): Promise<Output> {
  const [program = '', ...rest] = argv;
  const done = await execa(program, rest, { reject: false, input, stripFinalNewline: true });
  if (done.exitCode === undefined) throw done;
  return { code: done.exitCode, stdout: done.stdout, stderr: done.stderr };
}

/** The standard output of a command that must succeed. */
export function succeed(output: Output, argv: readonly string[], where: string): string {
  if (output.code === 0) return output.stdout;
  const said = output.stderr || output.stdout || 'nothing';
  throw new Error(`"${argv.join(' ')}" in ${where} ended with ${output.code} and said: ${said}`);
}
