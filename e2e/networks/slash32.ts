/** The command of the CLI, asked of the controller of a node. */
import { join } from 'node:path';
import { execa } from 'execa';
import type { LabNode } from '../lab/node.js';

const PROGRAM = join(import.meta.dirname, '../../../bin/slash32');

/** Runs it; returns what it printed. Exit code 3, degraded, is an answer as well. */
export async function slash32(node: LabNode, ...argv: string[]): Promise<string> {
  const done = await execa(PROGRAM, [...argv, '--socket', `${node.directory}/slash32/admin.sock`], { reject: false });
  if (done.exitCode !== 0 && done.exitCode !== 3) throw new Error(`slash32 ${argv.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
