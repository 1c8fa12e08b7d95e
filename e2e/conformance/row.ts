/**
 * A row of the matrix: one promise of a CNI plugin, tried from outside.
 *
 * A row notes everything that differs, not only the first, so that a run against somebody else's plugin tells the whole
 * story. What a plugin says it cannot do yet is no verdict over it: the row is skipped, as long as it says so.
 */
import { isDeepStrictEqual } from 'node:util';
import { until } from '../lab/until.js';
import type { ExecuteOptions, Outcome, Stdin } from './execute.js';
import type { Box, Subject } from './subject.js';

export interface Row {
  /** As in the reference: K1, V13, or `shape 0.4.0`. */
  readonly id: string;
  /** What holds, as the end of a sentence that begins with the id. */
  readonly promise: string;
  /** Why we hold it, where others do not. */
  readonly why?: string | undefined;
  run(trial: Trial): Promise<void>;
}

/** Thrown by a row that has no meaning for this subject. */
export class NotApplicable extends Error {
  override name = 'NotApplicable';
}

export type Verdict =
  | { readonly is: 'ok' }
  | { readonly is: 'differs'; readonly how: readonly string[] }
  | { readonly is: 'not applicable'; readonly reason: string };

/** What a call changes of what a runtime would send. */
export interface Call extends ExecuteOptions {
  readonly cniVersion?: string;
  /** Merged over the configuration. */
  readonly conf?: object;
  /** Merged over the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Instead of the configuration. */
  readonly stdin?: Stdin;
}

/** One row being tried on one subject. */
export class Trial {
  readonly differences: string[] = [];
  readonly subject: Subject;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Notes a difference unless it is so. */
  that(isSo: boolean, otherwise: string): void {
    if (!isSo) this.differences.push(otherwise);
  }

  /** Executes one verb for a container. */
  async call(verb: string, box: Box, call: Call = {}): Promise<Outcome> {
    const { cniVersion = '1.0.0', conf, env, stdin, ...options } = call;
    const usual = {
      ...{ CNI_COMMAND: verb, CNI_CONTAINERID: box.name, CNI_NETNS: box.netns, CNI_IFNAME: 'eth0' },
      CNI_PATH: this.subject.path,
    };
    const variables = Object.entries({ ...usual, ...env }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const input = stdin ?? JSON.stringify({ ...this.subject.conf, cniVersion, ...conf });
    return this.subject.execute(Object.fromEntries(variables), input, options);
  }

  /** An ADD that the rest of the row needs; throws when it fails. */
  async add(box: Box, call: Call = {}): Promise<Outcome> {
    const outcome = await this.call('ADD', box, call);
    if (outcome.exitCode !== 0) throw new Error(`ADD fails: ${said(outcome)}`);
    return outcome;
  }

  succeeds(outcome: Outcome, what: string): void {
    this.that(outcome.exitCode === 0, `${what} fails: ${said(outcome)}`);
  }

  /** It is refused with one of these codes, in one JSON document, and in words that match. */
  refused(outcome: Outcome, codes: readonly number[], what: string, says = /./): void {
    const { exitCode, json } = outcome;
    this.that(exitCode !== undefined, `${what} hangs`);
    this.that(exitCode !== 0, `${what} is accepted`);
    if (!exitCode) return;
    const isError = typeof json?.code === 'number' && typeof json?.msg === 'string';
    this.that(isError, `${what} is not answered with a CNI error: ${said(outcome)}`);
    if (!isError) return;
    this.that(codes.includes(json.code), `${what} is refused with code ${json.code}, not ${codes.join(' or ')}`);
    this.that(says.test(`${json.msg} ${json.details ?? ''}`), `${what} is refused with words that miss ${says}`);
  }

  /** Whatever happens in `work`, the host holds the same afterwards. */
  async changesNothing(what: string, work: () => Promise<void>): Promise<void> {
    const before = await this.subject.holdings();
    await work();
    await this.holds(before, what);
  }

  /** The host holds this again, soon. What it holds too much or too little is a difference. */
  async holds(wanted: object, what: string): Promise<void> {
    let now: object = {};
    const same = async () => isDeepStrictEqual((now = await this.subject.holdings()), wanted);
    try {
      // Of others it is known that some leave things for ever.
      await until(same, { what, timeout: this.subject.isOurs ? 30_000 : 2000 });
    } catch {
      this.that(false, `${what} leaves something behind or takes something away: ${changed(wanted, now).join(', ')}`);
    }
  }
}

/** Tries a row. What it cannot set up counts as a difference. */
export async function judge(row: Row, subject: Subject): Promise<Verdict> {
  const trial = new Trial(subject);
  try {
    await row.run(trial);
  } catch (error) {
    if (error instanceof NotApplicable) return { is: 'not applicable', reason: error.message };
    trial.that(false, (error as Error).message);
  }
  return trial.differences.length === 0 ? { is: 'ok' } : { is: 'differs', how: trial.differences };
}

function said({ exitCode, json, stdout, stderr }: Outcome): string {
  if (exitCode === undefined) return 'it was killed';
  if (json?.code !== undefined) return `code ${json.code}, ${JSON.stringify(json.msg)}`;
  return `exit code ${exitCode}, ${JSON.stringify((stdout || stderr).slice(0, 120))}`;
}

/** The kinds of things of which there are more or fewer. */
function changed(before: object, after: object): string[] {
  const now = after as Record<string, unknown[]>;
  return Object.entries(before as Record<string, unknown[]>)
    .filter(([kind, items]) => !isDeepStrictEqual(items, now[kind]))
    .map(([kind, items]) => `${kind} (${items.length} before, ${now[kind]?.length} after)`);
}
