/** The kinds of value a configuration file has, as zod schemas: text in, words of the model out. */
import { z } from 'zod';
import { address, prefix } from '../model/address.js';
import { prefixRange } from '../model/prefix-range.js';
import { quoted } from '../model/quoted.js';
import { type RouteTarget, routeTarget } from '../model/route-target.js';

/** sizeof(sockaddr_un.sun_path) is 108 (linux/un.h), one of them NUL. */
const MAX_SOCKET_PATH = 107;

/** Text that `parse` turns into something; the message of what it throws is the problem. */
export function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

export const anAddress = parsed(address);
export const aPrefix = parsed(prefix);
export const aPrefixRange = parsed(prefixRange);

/** Route targets: one, a comma list, or a list. Doubles count once. */
export const routeTargets = z
  .union([z.string(), z.array(z.string())])
  .transform((given, context): readonly RouteTarget[] => {
    const found = new Set<RouteTarget>();
    const texts = typeof given === 'string' ? given.split(',').map((text) => text.trim()) : given;
    for (const [i, text] of texts.entries()) {
      try {
        found.add(routeTarget(text));
      } catch (error) {
        const path = typeof given === 'string' ? [] : [i];
        context.addIssue({ code: 'custom', path, message: (error as Error).message });
      }
    }
    return [...found];
  });

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int().min(least, { error, abort: true }).max(most, error);
}

/** How many heard routes something may have. */
export const maxRoutes = wholeNumber(1, 10_000_000).optional();

const SECONDS = { s: 1, m: 60, h: 3600 };

/** A time like `9s`, `2m` or `1h`, from `least` to `most` seconds; out come seconds. */
export function seconds(least: number, most: number) {
  return parsed((text) => {
    const [, count, unit] = /^(\d{1,9})([smh])$/.exec(text) ?? [];
    if (unit === undefined) throw new RangeError(`expected a time like 9s, 2m or 1h, found ${quoted(text)}`);
    const value = Number(count) * SECONDS[unit as keyof typeof SECONDS];
    if (value < least || value > most)
      throw new RangeError(`expected a time from ${least}s to ${most}s, found ${text}`);
    return value;
  });
}

/** A name that is safe in file names, command lines and nftables, as CNI asks of a network's name. */
export const aName = parsed((text) => {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(text)) return text;
  throw new RangeError(
    `expected a name of at most 63 letters, digits, "_", "." and "-" that begins with a letter or digit, found ${quoted(text)}`,
  );
});

/** An absolute path in which a socket called `gobgpd.sock` fits. */
export const aRunDir = parsed((text) => socketPath(`${absolute(text)}/gobgpd.sock`).slice(0, -'/gobgpd.sock'.length));

/** Where gobgpd's API is. Unix sockets only: it has no authentication, so the directory's mode is its guard. */
export const aUnixUrl = parsed((text) => {
  if (!text.startsWith('unix:///')) {
    throw new RangeError(
      `expected unix:///path/of/a/socket, found ${quoted(text)}: gobgpd's API has no authentication`,
    );
  }
  return `unix://${socketPath(absolute(text.slice('unix://'.length)))}`;
});

/** An absolute path. */
export function absolute(text: string): string {
  const steps = text.slice(1).split('/');
  if (!text.startsWith('/') || steps.some((step) => ['', '.', '..'].includes(step)) || text.includes('\0')) {
    throw new RangeError(`expected an absolute path without "..", "." and "//", found ${quoted(text)}`);
  }
  return text;
}

function socketPath(path: string): string {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  throw new RangeError(`a socket's path has at most ${MAX_SOCKET_PATH} bytes, and ${quoted(path)} is longer`);
}
