/** The command of the CLI, asked of the controller of a node. */
import type { LabNode } from '../lab/node.js';

/** Runs it; returns what it printed. Exit code 3, degraded, is an answer as well. */
export async function slash32(node: LabNode, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await node.slash32(...argv);
  if (code !== 0 && code !== 3) throw new Error(`slash32 ${argv.join(' ')}: ${stderr}`);
  return stdout;
}
