/**
 * YAML text -> plain value, and from a path in that value back to its line and column.
 *
 * YAML 1.2 core only: YAML 1.1 reads `64512:10` as a number of base 60. Warnings of the parser (an unknown tag) are
 * problems too, for what they name would be dropped in silence.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { LocatedProblem, Path, Problem } from './problem.js';

/** More than any node needs; keeps a wrong file (a disk image, an endless device) from being parsed. */
const MAX_CHARACTERS = 1024 * 1024;

/** A parsed file. `value` means nothing when there are problems. */
export interface YamlSource {
  readonly value: unknown;
  readonly problems: readonly LocatedProblem[];
  /** Where the thing of this problem stands; of a thing that is not there, where its parent does. */
  locate(problem: Problem): LocatedProblem;
}

/** Reads one YAML document. Never throws: what is wrong is in `problems`. */
export function readYaml(text: string): YamlSource {
  if (text.length > MAX_CHARACTERS) return unusable(`longer than ${MAX_CHARACTERS} characters: not a configuration`);
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    const place = (offset: number) => position(lines, offset);
    const problems = [...syntaxProblems(document, text, place), ...deadAliases(document, place)];
    return {
      value: problems.length > 0 ? undefined : document.toJS(),
      problems,
      locate: (problem) => ({
        ...place(offsetOf(document, problem)),
        path: problem.path.join('.'),
        message: problem.message,
      }),
    };
  } catch (error) {
    // The parser recurses, so ten thousand brackets end its stack; toJS refuses aliases that multiply without bound.
    return unusable(`cannot be read as YAML: ${(error as Error).message}`);
  }
}

type Place = { readonly line: number; readonly column: number };

function unusable(message: string): YamlSource {
  const problem = { line: 1, column: 1, path: '', message };
  return { value: undefined, problems: [problem], locate: (other) => ({ ...problem, message: other.message }) };
}

function position(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function syntaxProblems(document: Document, text: string, place: (offset: number) => Place): LocatedProblem[] {
  const found = [...document.errors, ...document.warnings].map((error: YAMLError) => ({
    ...place(error.pos[0]),
    path: '',
    message: error.code === 'DUPLICATE_KEY' ? `the key ${keyAt(text, error.pos)} is given twice` : error.message,
  }));
  const { explicit, version } = document.directives?.yaml ?? {};
  if (explicit && version !== '1.2') {
    found.push({ ...place(0), path: '', message: `YAML ${version} is not accepted: it reads 64512:10 as a number` });
  }
  return found;
}

function keyAt(text: string, [start, end]: readonly [number, number]): string {
  const key = /^[\w.-]{1,64}/.exec(text.slice(start, Math.max(end, start + 64)));
  return key ? `"${key[0]}"` : 'here';
}

function deadAliases(document: Document, place: (offset: number) => Place): LocatedProblem[] {
  const found: LocatedProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return;
      const message = `no anchor &${alias.source} stands before the alias *${alias.source}`;
      found.push({ ...place(alias.range?.[0] ?? 0), path: '', message });
    },
  });
  return found;
}

function offsetOf(document: Document, { path, at }: Problem): number {
  let node: unknown = document.contents;
  let offset = startOf(node, 0);
  for (const [i, step] of path.entries()) {
    const [key, value] = child(isAlias(node) ? node.resolve(document) : node, step);
    if (value === undefined) return offset;
    const wantsKey = at === 'key' && i === path.length - 1;
    offset = startOf(wantsKey ? key : value, startOf(key, offset));
    node = value;
  }
  return offset;
}

/** The nodes of a key and its value; a list's index has no node. */
function child(node: unknown, step: Path[number]): [unknown, unknown] {
  if (isSeq(node)) return [undefined, node.items[Number(step)]];
  const pair = isMap(node)
    ? node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step))
    : null;
  return pair ? [pair.key, pair.value ?? pair.key] : [undefined, undefined];
}

function startOf(node: unknown, otherwise: number): number {
  return (node as { range?: [number, number, number] } | undefined)?.range?.[0] ?? otherwise;
}
