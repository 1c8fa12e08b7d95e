/** What can be wrong with a configuration file, and how it is said: one line per problem, as compilers do. */
import { printable } from '../model/quoted.js';

/** A step into the file: a key of a map or an index of a list. */
export type Path = readonly (string | number)[];

/** Something wrong at `path`. `at: 'key'` points at the key itself, not at its value. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly at?: 'key';
}

/** A problem with its place in the file; line and column count from 1. */
export interface LocatedProblem {
  readonly line: number;
  readonly column: number;
  /** `bgp.peers.0.asn`; empty for what is wrong with the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** The file cannot be used. The message has every problem, in the order of the file: `node.yaml:6:12: bgp.asn: ...`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly filename: string;
  readonly problems: readonly LocatedProblem[];

  constructor(filename: string, problems: readonly LocatedProblem[], options?: ErrorOptions) {
    const ordered = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(ordered.map((problem) => line(filename, problem)).join('\n'), options);
    this.filename = filename;
    this.problems = ordered;
  }
}

/** One line whatever the file holds: its keys are in the path, and may have line ends in them. */
function line(filename: string, { line, column, path, message }: LocatedProblem): string {
  return printable(`${filename}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`);
}
