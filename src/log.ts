/**
 * The log: winston, on stderr and nowhere else, for stdout belongs to whoever reads an answer there.
 *
 * A line is an event with a name that does not change (`event`), a sentence for people and named fields. Secrets do not
 * get out: fields with a telling name are blanked, and so is every known secret wherever it turns up, because a daemon's
 * error text may quote what we sent it.
 */
import { createLogger, format, type LogEntry, type Logform, transports } from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'text';
}

/** What a line tells besides its message. */
export interface LogFields {
  /** Stable name of what happened, for machines: `peer-up`. */
  readonly event: string;
  readonly [name: string]: unknown;
}

/** One line per call. Fields may hold anything: cycles and depth are cut, errors are told with their causes. */
export interface Log {
  error(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  info(message: string, fields: LogFields): void;
  debug(message: string, fields: LogFields): void;
  /** Would a line of this level be written? Ask before collecting fields in a hot loop. */
  writes(level: LogLevel): boolean;
}

const SEVERITY: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };
const BLANK = '[redacted]';
/** Not `passwordFile`: a path is no secret, and people need it. */
const SECRET_NAME = /(password|passphrase|secret|token|credential|private_?key)s?$/i;
const MAX_DEPTH = 6;

/** Opens the log. @param secrets texts that must never appear, such as BGP passwords */
export function openLog(options: LogOptions, secrets: readonly string[] = []): Log {
  const text = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY === true);
  const colours = text && process.stderr.isTTY === true && !process.env.NO_COLOR;
  // The reader of our stderr may go (a restarted journal); the containers' network must not go with it.
  process.stderr.on('error', () => {});
  const logger = createLogger({
    levels: SEVERITY,
    level: options.level,
    format: text ? asText(colours) : format.json({ deterministic: false }),
    transports: [new transports.Stream({ stream: process.stderr, eol: '\n' })],
  });
  const writes = (level: LogLevel) => SEVERITY[level] <= SEVERITY[options.level];
  const hidden = secrets.filter((secret) => secret !== '');
  const at = (level: LogLevel) => (message: string, fields: LogFields) => {
    if (writes(level)) logger.log(line(level, message, fields, hidden));
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), writes };
}

/** Our own keys come first, and no field can take their place. */
function line(level: LogLevel, message: string, fields: LogFields, secrets: readonly string[]): LogEntry {
  const { event, ...rest } = redact(fields, secrets, 0) as LogFields;
  const own = { time: new Date().toISOString(), level, event, message: redact(message, secrets, 0) as string };
  return { ...own, ...rest, ...own };
}

/** A plain copy that can be printed: no secrets, no cycles, no depth without end. */
function redact(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, BLANK), value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '...';
  const inner = (item: unknown) => redact(item, secrets, depth + 1);
  if (value instanceof Error) return inner(errorText(value));
  if (value instanceof Date) return String(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Map) return inner(Object.fromEntries(value));
  if (Array.isArray(value) || value instanceof Set) return [...value].map(inner);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, SECRET_NAME.test(name) ? BLANK : inner(item)]),
  );
}

/** The messages of an error and of what caused it; the stack is for a debugger. */
function errorText(error: Error): string {
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && causes.length < MAX_DEPTH; cause = cause.cause) {
    causes.push(cause.message);
  }
  return causes.join(': ');
}

const COLOUR: Record<string, string> = { error: '\x1b[31m', warn: '\x1b[33m', info: '\x1b[32m', debug: '\x1b[2m' };

function asText(colours: boolean): Logform.Format {
  return format.printf(({ time, level, event, message, ...fields }) => {
    const tag = colours ? `${COLOUR[level]}${level.padEnd(5)}\x1b[0m` : level.padEnd(5);
    const words = Object.entries(fields).map(([name, value]) => `${name}=${word(value)}`);
    return [String(time).slice(11, 23), tag, printable(String(message)), `(${event})`, ...words].join(' ');
  });
}

function word(value: unknown): string {
  return printable(
    typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined'),
  );
}

/** A message from outside must not move the cursor or start a line of its own. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (found) => {
    return `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
