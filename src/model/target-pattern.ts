/**
 * Patterns of route targets: how an administrator says which ones somebody else may choose from.
 *
 * `64512:100` is that one, `64512:100-199` a range, `64512:*` all of an administrator, `*` any at all. The administrator
 * is compared in canonical text, so `64512L:*` and `64512:*` are as different as the targets are on the wire.
 */
import { quoted } from './quoted.js';
import { type RouteTarget, routeTarget } from './route-target.js';

/** Targets of one administrator, or of any, whose number is from `least` to `most`. */
export interface TargetPattern {
  /** As it was written. */
  readonly text: string;
  /** Undefined: any. */
  readonly administrator: string | undefined;
  readonly least: number;
  readonly most: number;
}

const EVERY_NUMBER = { least: 0, most: 0xffff_ffff };

/** Parses one pattern. Throws RangeError that names the text and the reason. */
export function targetPattern(written: string): TargetPattern {
  const text = written.trim();
  if (text === '*') return { text, administrator: undefined, ...EVERY_NUMBER };
  const [, administrator = '', numbers = ''] = /^([^:]+):(\*|\d{1,10}(?:-\d{1,10})?)$/.exec(text) ?? [];
  if (numbers === '') {
    throw new RangeError(
      `not a pattern of route targets: ${quoted(text)} (expected 64512:100, 64512:100-199, 64512:* or *)`,
    );
  }
  if (numbers === '*') return { text, ...partsOf(`${administrator}:0`), ...EVERY_NUMBER };
  const [first = '', last = first] = numbers.split('-');
  const [least, most] = [partsOf(`${administrator}:${first}`), partsOf(`${administrator}:${last}`)];
  if (most.number < least.number) throw new RangeError(`the range of "${text}" ends before it begins`);
  return { text, administrator: least.administrator, least: least.number, most: most.number };
}

/** Is a target one of those that the pattern means? */
export function matchesTarget({ administrator, least, most }: TargetPattern, target: RouteTarget): boolean {
  const asked = partsOf(target);
  return (
    (administrator === undefined || administrator === asked.administrator) &&
    asked.number >= least &&
    asked.number <= most
  );
}

function partsOf(text: string): { administrator: string; number: number } {
  const [administrator = '', number] = routeTarget(text).split(':');
  return { administrator, number: Number(number) };
}

/** Is there a target that both mean? */
export function patternsMeet(a: TargetPattern, b: TargetPattern): boolean {
  const one = a.administrator === undefined || b.administrator === undefined || a.administrator === b.administrator;
  return one && a.least <= b.most && b.least <= a.most;
}
