/** The CNI_* variables as the forwarder sends them: `KEY=VALUE`, each ended by NUL. */
import { quoted } from '../model/quoted.js';
import { CniError, CODE } from './cni-error.js';
import { NAME } from './settings.js';

export type Environment = ReadonlyMap<string, string>;

/** Takes the block apart. Only CNI_* is kept; of two equal names the first wins, as for getenv. Throws CniError 4. */
export function environment(block: Uint8Array): Environment {
  return variablesIn(decode(block));
}

/** Whom a block is about, for a log line: fit to print, whatever it holds. */
export function nameOf(block: Uint8Array): { verb: string; containerId: string; ifname: string } {
  const variables = variablesIn(Buffer.from(block).toString());
  const printable = (name: string) => (variables.get(name) ?? '').slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
  return { verb: printable('CNI_COMMAND'), containerId: printable('CNI_CONTAINERID'), ifname: printable('CNI_IFNAME') };
}

function variablesIn(text: string): Environment {
  const variables = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, Math.max(0, equals));
    if (name.startsWith('CNI_') && !variables.has(name)) variables.set(name, entry.slice(equals + 1));
  }
  return variables;
}

function decode(block: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(block);
  } catch {
    throw new CniError(CODE.invalidEnvironment, 'the CNI_* variables are not valid UTF-8');
  }
}

/** Throws one CniError 4 that names every variable that is missing or empty, so that one look is enough. */
export function requireVariables(variables: Environment, names: readonly string[]): void {
  const missing = names.filter((name) => !variables.get(name));
  if (missing.length === 0) return;
  const verb = variables.get('CNI_COMMAND') ?? '';
  throw new CniError(CODE.invalidEnvironment, `${verb} needs ${missing.join(', ')} in the environment`);
}

/** Any length is legal, so a container id is never a file name as it is. Throws CniError 4. */
export function containerId(text: string): string {
  if (NAME.test(text)) return text;
  throw new CniError(
    CODE.invalidEnvironment,
    `CNI_CONTAINERID ${quoted(text)} is not a container id`,
    'it starts with a letter or digit and goes on with letters, digits and _.-',
  );
}

/** Most bytes of an interface name: IFNAMSIZ less the NUL (linux/if.h). */
const MAX_IFNAME = 15;

/**
 * The kernel's own rules (dev_valid_name, net/core/dev.c), and what slash32 adds: not `lo`, which every namespace has;
 * no `%`, which asks the kernel for a number; no control characters, which no log should print. Throws CniError 4.
 */
export function interfaceName(text: string): string {
  const reason = reasonAgainst(text);
  if (reason === undefined) return text;
  throw new CniError(CODE.invalidEnvironment, `CNI_IFNAME ${quoted(text)} is not an interface name: ${reason}`);
}

function reasonAgainst(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_IFNAME) return `${bytes} bytes, and the kernel takes ${MAX_IFNAME}`;
  if (name === '.' || name === '..') return 'it would be a directory in sysfs';
  if (name === 'lo') return 'it is the loopback of the namespace';
  // \s and \p{Cc} go further than the kernel's isspace: no name may look like another, or break a line.
  return /[/:%\s]|\p{Cc}/u.test(name) ? 'it holds one of / : %, white space or a control character' : undefined;
}
