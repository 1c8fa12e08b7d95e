/** What zod found, in the words of this project: what was expected, what is there, and what was probably meant. */
import type { z } from 'zod';
import { quoted } from '../model/quoted.js';
import { didYouMean } from './did-you-mean.js';
import { SAME_AS } from './network-section.js';
import type { Path, Problem } from './problem.js';
import { configSchema } from './schema.js';

type Issue = z.core.$ZodIssue;

const KINDS: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
};

/** One issue as problems: each unknown key is one of its own. Wants issues with their `input`. */
export function describeIssue(issue: Issue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys(path, issue.keys);
    case 'invalid_type':
      return [{ path, message: expected(KINDS[issue.expected] ?? issue.expected, issue.input) }];
    case 'invalid_value':
      return [{ path, message: wrongChoice(issue.values.map(String), issue.input) }];
    case 'invalid_union':
      return wrongTargets(issue, path);
    default:
      return [{ path, message: issue.message }];
  }
}

function expected(what: string, input: unknown): string {
  return input === undefined ? `missing: expected ${what}` : `expected ${what}, found ${found(input)}`;
}

function wrongChoice(choices: readonly string[], input: unknown): string {
  const meant = typeof input === 'string' ? didYouMean(input, choices) : undefined;
  return `${expected(choices.join(' or '), input)}${meant ? ` (did you mean ${meant}?)` : ''}`;
}

/** Route targets are our only union: text, or a list. In a list, the element that is no text is to blame. */
function wrongTargets(issue: z.core.$ZodIssueInvalidUnion, path: Path): Problem[] {
  const what = 'a route target, a comma list or a list of them';
  const elements = issue.errors.flat().filter((inner) => inner.path.length > 0);
  if (elements.length === 0) return [{ path, message: expected(what, issue.input) }];
  return elements.map((inner) => {
    const [index = 0] = inner.path as number[];
    return { path: [...path, index], message: expected('a route target', (issue.input as unknown[])[index]) };
  });
}

function unknownKeys(path: Path, unknown: readonly string[]): Problem[] {
  const keys = keysAt(path);
  const known = Object.keys(keys);
  // Other spellings of a key are taken, and not advertised.
  const ours = known.filter((key) => !keys[key]?.description?.startsWith(SAME_AS));
  return unknown.map((key) => {
    const meant = didYouMean(key, known);
    const message = meant ? `unknown key (did you mean ${meant}?)` : `unknown key; known here: ${ours.join(', ')}`;
    return { path: [...path, key], message, at: 'key' };
  });
}

interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** The published schema also knows which keys a map has. */
function keysAt(path: Path): Readonly<Record<string, JsonSchema>> {
  let at: JsonSchema | undefined = configSchema();
  for (const step of path) at = typeof step === 'number' ? at?.items : at?.properties?.[step];
  return at?.properties ?? {};
}

function found(input: unknown): string {
  if (input === null) return 'nothing';
  if (typeof input === 'string') return quoted(input);
  if (typeof input === 'object') return Array.isArray(input) ? 'a list' : 'a map';
  return String(input);
}
