/**
 * For tests: reads Prometheus' text format 0.0.4 as strictly as `promtool check metrics` judges it. Whatever is not so throws,
 * and says in which line.
 */

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** By the sample's name and labels, as `name{a="x",b="y"}` with the labels in order. */
  readonly samples: ReadonlyMap<string, number>;
}

export type Exposition = ReadonlyMap<string, Family>;

interface Open extends Family {
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?!$)|$)/y;

/** Reads all of it. */
export function readExposition(text: string): Exposition {
  const families = new Map<string, Open>();
  let current: { help: string; name: string } | undefined;
  let open: Open | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const wrong = (what: string) => new Error(`line ${i + 1}: ${what}: ${line}`);
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (!NAME.test(name) || families.has(name)) throw wrong('not a name, or a second HELP');
      if (rest === '' || /\\(?![\\n])/.test(rest)) throw wrong('no help, or one that is not escaped');
      current = { name, help: rest };
    } else if (keyword === 'TYPE') {
      if (current?.name !== name) throw wrong('TYPE without its HELP before it, or twice');
      if (!['counter', 'gauge', 'histogram', 'summary'].includes(rest)) throw wrong('not a type');
      families.set(name, (open = { ...current, type: rest, samples: new Map() }));
      current = undefined;
    } else if (line.startsWith('#')) throw wrong('a comment that is neither HELP nor TYPE');
    else if (line !== '') readSample(line, open, wrong);
  }
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const family of families.values()) judge(family);
  return families;
}

function readSample(line: string, open: Open | undefined, wrong: (what: string) => Error): void {
  const [, name = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  const suffixes = open?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!open || !suffixes.some((suffix) => name === open.name + suffix)) throw wrong('a sample outside its family');
  const value = numberOf(valueText);
  if (value === undefined) throw wrong('not a number');
  const key = `${name}{${labelsOf(labelText, wrong)}}`;
  if (open.samples.has(key)) throw wrong('a second sample with these labels');
  open.samples.set(key, value);
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function labelsOf(text: string, wrong: (what: string) => Error): string {
  const found = new Map<string, string>();
  LABEL.lastIndex = 0;
  for (let end = 0; end < text.length; end = LABEL.lastIndex) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '' || name.startsWith('__') || found.has(name)) throw wrong('not labels, or one of them twice');
    found.set(name, value);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value}"`)
    .join();
}

/** What promtool says about names and numbers. Those that Node's own metrics have are not ours to judge. */
function judge({ name, type, samples }: Family): void {
  if (type === 'histogram') judgeHistogram(name, samples);
  if (!name.startsWith('slash32_')) return;
  if ((type === 'counter') !== name.endsWith('_total'))
    throw new Error(`${name}: "_total" is for counters, each of them`);
  if (/_(gauge|counter|histogram|milliseconds|ms|minutes|kilobytes)(_|$)/.test(name)) {
    throw new Error(`${name}: its type, or a unit that is no base unit, is in its name`);
  }
  if (type === 'counter' && [...samples.values()].some((value) => !(value >= 0))) throw new Error(`${name} is below 0`);
}

/** Buckets grow, and the last one is the count. */
function judgeHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const series = new Map<string, number[]>();
  for (const [key, value] of samples) {
    if (!key.startsWith(`${name}_bucket`)) continue;
    const others = key
      .slice(`${name}_bucket`.length)
      .replace(/,?le="[^"]*"/, '')
      .replace('{,', '{');
    series.set(others, [...(series.get(others) ?? []), value]);
  }
  for (const [labels, values] of series) {
    if (values.some((value, i) => value < (values[i - 1] ?? 0))) throw new Error(`${name}${labels}: buckets shrink`);
    if (samples.get(`${name}_count${labels}`) !== values.at(-1))
      throw new Error(`${name}${labels}: +Inf is not the count`);
    if (!samples.has(`${name}_sum${labels}`)) throw new Error(`${name}${labels} has no sum`);
  }
}

/** The value of one series, like `slash32_endpoints{network="blue"}`; undefined when there is none. */
export function numberIn(exposition: Exposition, series: string): number | undefined {
  const [name = ''] = series.split('{', 1);
  const family = exposition.get(name) ?? exposition.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.get(series.includes('{') ? series : `${series}{}`);
}
