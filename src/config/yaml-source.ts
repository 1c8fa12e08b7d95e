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
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { LocatedProblem, Path, Problem } from './problem.js';

/** More than any node needs; keeps a wrong file (a disk image, a log) from being parsed. */
const MAX_CHARACTERS = 1024 * 1024;
/** The file itself needs six. The parser recurses, and Node does not survive every way of running out of stack. */
const MAX_DEPTH = 50;
/** One missing bracket makes the parser complain about everything after it. */
const MAX_SYNTAX_PROBLEMS = 10;

/** What Node puts in the place of bytes that are no UTF-8. */
const UNDECODABLE = '\uFFFD';

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
  if (text.includes(UNDECODABLE)) return notUtf8(text);
  if (isTooDeep(text)) return unusable(`nested more than ${MAX_DEPTH} levels deep: not a configuration`);
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
    // toJS refuses aliases that multiply without bound.
    return unusable(`cannot be read as YAML: ${(error as Error).message}`);
  }
}

type Place = { readonly line: number; readonly column: number };

function notUtf8(text: string): YamlSource {
  const before = text.slice(0, text.indexOf(UNDECODABLE)).split('\n');
  const place = { line: before.length, column: before.at(-1)!.length + 1 };
  return unusable('this is not UTF-8; save the file as UTF-8 text', place);
}

function unusable(message: string, place: Place = { line: 1, column: 1 }): YamlSource {
  const problem = { ...place, path: '', message };
  return { value: undefined, problems: [problem], locate: (other) => ({ ...problem, message: other.message }) };
}

function position(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Brackets that are open at once, or block indicators on one line (`- - - a`). Indentation costs too much text to matter. */
function isTooDeep(text: string): boolean {
  let [brackets, indicators] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++;
    else if (token === ']' || token === '}') brackets--;
    else if (token === '-' || token === '?' || token === ':') indicators++;
    else if (token === '\n' || token === '\r\n' || token === ',') indicators = 0;
    if (brackets > MAX_DEPTH || indicators > MAX_DEPTH) return true;
  }
  return false;
}

function syntaxProblems(document: Document, text: string, place: (offset: number) => Place): LocatedProblem[] {
  const found = [...document.errors, ...document.warnings].map((error) => ({
    ...place(error.pos[0]),
    path: '',
    message: syntaxMessage(error, text),
  }));
  const { explicit, version } = document.directives?.yaml ?? {};
  if (explicit && version !== '1.2') {
    found.push({ ...place(0), path: '', message: `YAML ${version} is not accepted: it reads 64512:10 as a number` });
  }
  return found.slice(0, MAX_SYNTAX_PROBLEMS);
}

function syntaxMessage({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'DUPLICATE_KEY') return `${keyAt(text, pos)} is given twice`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; the configuration is one';
  return message;
}

function keyAt(text: string, [start, end]: readonly [number, number]): string {
  const key = /^[\w.-]{1,64}/.exec(text.slice(start, Math.max(end, start + 64)));
  return key ? `the key "${key[0]}"` : 'a key';
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
