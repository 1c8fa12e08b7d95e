/** Where a daemon of the interop table runs: a node of the lab, and in it the system that the daemon comes from. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { inSystem } from '../lab/debian-suite.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { inNode } from '../lab/private-run.js';
import { launch, type Running, signalProcess } from '../lab/process.js';
import { labDirectory } from '../lab/state.js';

export interface Place {
  readonly node: LabNode;
  /** On the node's /run/slash32, and the same path from outside: for sockets and files. */
  readonly directory: string;
  /** Writes a file there; returns its path. */
  write(name: string, content: string): string;
  /** Starts a program that ends with the lab at the latest. */
  launch(name: string, argv: readonly string[]): void;
  /** Kills what was launched under this name, if it lives. */
  kill(name: string): Promise<void>;
  /** Runs a command to its end; returns what it printed. Throws when it fails. */
  exec(argv: readonly string[]): Promise<string>;
}

/** @param root the system of another Debian suite; absent: this machine's own */
export function placeIn(lab: Lab, name: string, root?: string): Place {
  const node = lab.node(name);
  const directory = `${node.directory}/slash32`;
  const running = new Map<string, Running>();
  const within = (argv: readonly string[]) => (root === undefined ? argv : inSystem(root, argv));
  return {
    node,
    directory,
    write(file, content) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(`${directory}/${file}`, content, { mode: 0o600 });
      return `${directory}/${file}`;
    },
    launch(program, argv) {
      const command = inNode(node.namespace, labDirectory(lab.name), node.directory, within(argv));
      running.set(program, launch(command, node.logFile(program), process.env));
    },
    async kill(program) {
      const process = running.get(program);
      if (process) await signalProcess(process, 'SIGKILL');
    },
    exec: (argv) => node.exec(within(argv)),
  };
}
