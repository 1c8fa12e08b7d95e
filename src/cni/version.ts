/** The versions of the CNI specification that we speak, oldest first. */
import { quoted } from '../model/quoted.js';
import { CniError, CODE } from './cni-error.js';

export const VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof VERSIONS)[number];
export const NEWEST: CniVersion = '1.1.0';

/** Is this the text of a version we speak? */
export function isVersion(value: unknown): value is CniVersion {
  return (VERSIONS as readonly unknown[]).includes(value);
}

/** The version a configuration asks for; none means 0.1.0 (specification section 1). Throws CniError 6 or 1. */
export function askedVersion(value: unknown): CniVersion {
  if (value === undefined || value === null || value === '') return '0.1.0';
  if (typeof value !== 'string') throw new CniError(CODE.decode, 'cniVersion is not a string (expected like "1.0.0")');
  if (isVersion(value)) return value;
  throw new CniError(
    CODE.incompatibleVersion,
    `cniVersion ${quoted(value)} is not supported`,
    `slash32 supports ${VERSIONS.join(', ')}`,
  );
}

/** Is `version` as new as `since`, or newer? */
export function atLeast(version: CniVersion, since: CniVersion): boolean {
  return VERSIONS.indexOf(version) >= VERSIONS.indexOf(since);
}
