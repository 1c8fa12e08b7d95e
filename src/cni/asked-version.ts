import { quoted } from '../model/quoted.js';
import { CniError, CODE } from './cni-error.js';
import { type CniVersion, isVersion, VERSIONS } from './version.js';

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
