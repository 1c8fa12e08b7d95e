/** CNI_ARGS: `KEY=VALUE;KEY=VALUE`, in any order (CNI conventions). */
import type { Address } from '../model/address.js';
import { quoted } from '../model/quoted.js';
import type { RouteTarget } from '../model/route-target.js';
import { CniError, CODE } from './cni-error.js';
import { hostAddress } from './host-address.js';
import { macAddress } from './mac.js';
import { targetList } from './target-list.js';

export interface CniArgs {
  readonly ips: readonly Address[];
  readonly mac: string | undefined;
  /** SLASH32_IMPORT and SLASH32_EXPORT: targets of this one container, where the node's configuration allows it. */
  readonly importTargets: readonly RouteTarget[] | undefined;
  readonly exportTargets: readonly RouteTarget[] | undefined;
}

type Writable = { -readonly [Key in keyof CniArgs]: CniArgs[Key] };

const KEYS: { readonly [key: string]: (args: Writable, value: string) => void } = {
  IP: (args, value) => (args.ips = value === '' ? [] : value.split(',').map((ip) => hostAddress(ip.trim()))),
  MAC: (args, value) => (args.mac = value === '' ? undefined : macAddress(value)),
  SLASH32_IMPORT: (args, value) => (args.importTargets = value === '' ? undefined : targetList(value)),
  SLASH32_EXPORT: (args, value) => (args.exportTargets = value === '' ? undefined : targetList(value)),
};

/** Throws CniError 4 for a pair that is none, a bad value, and an unknown key unless IgnoreUnknown is set. */
export function cniArgs(text: string): CniArgs {
  const pairs = text === '' ? [] : text.split(';').map(pair);
  const args: Writable = { ips: [], mac: undefined, importTargets: undefined, exportTargets: undefined };
  const ignoreUnknown = pairs.some(([key, value]) => key === 'IgnoreUnknown' && isTrue(value));
  for (const [key, value] of pairs) {
    if (Object.hasOwn(KEYS, key)) read(args, key, value);
    else if (!ignoreUnknown && key !== 'IgnoreUnknown' && !key.startsWith('K8S_')) {
      throw invalid(`unknown key ${quoted(key)}; add IgnoreUnknown=1 to have it ignored`);
    }
  }
  return args;
}

/** As in Go's plugins, a value holds no "=". */
function pair(text: string): readonly [string, string] {
  const [key = '', value, ...rest] = text.split('=');
  if (key === '' || value === undefined || rest.length > 0) throw invalid(`${quoted(text)} is not KEY=VALUE`);
  return [key, value];
}

function isTrue(value: string): boolean {
  if (/^(1|true)$/i.test(value)) return true;
  if (/^(0|false|)$/i.test(value)) return false;
  throw invalid(`IgnoreUnknown=${quoted(value)} is neither 1 nor 0`);
}

function read(args: Writable, key: string, value: string): void {
  try {
    KEYS[key]!(args, value);
  } catch (error) {
    throw invalid(`${key}: ${(error as Error).message}`);
  }
}

function invalid(why: string): CniError {
  return new CniError(CODE.invalidEnvironment, `CNI_ARGS: ${why}`);
}
