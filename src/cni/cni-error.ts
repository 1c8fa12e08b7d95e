/**
 * The one error that leaves through CNI: a code a runtime can act on, one sentence, and what to do (CNI spec section 5).
 */
import type { CniVersion } from './version.js';

/** The codes. 1 to 99 are the specification's, 100 and up are ours. */
export const CODE = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  /** STATUS: no ADD can work now. */
  notAvailable: 50,
  /** STATUS: existing containers are hurt too. */
  limitedConnectivity: 51,
  interfaceOccupied: 100,
  poolExhausted: 101,
  kernelRefused: 102,
  gobgpRefused: 103,
  addressNotAvailable: 104,
  ipamFailed: 105,
  /** GC: some of what had to go is still there. */
  gcIncomplete: 106,
  /** CHECK: the endpoint is not as it was attached. */
  checkFailed: 107,
  internal: 110,
} as const;

const NO_CHANGE = 'nothing was changed';
/** What helps, where an error itself names nothing better. */
const REMEDIES: Readonly<Record<number, string>> = {
  [CODE.invalidEnvironment]: `the runtime sets this variable (CNI specification, section 2); ${NO_CHANGE}`,
  [CODE.io]: `the runtime sends the network configuration on stdin; ${NO_CHANGE}`,
  [CODE.decode]: `the runtime sends the network configuration on stdin; check the file it comes from; ${NO_CHANGE}`,
  [CODE.invalidConfig]: `correct the network configuration; ${NO_CHANGE}`,
};

/** What a runtime reads on stdout when a verb failed. */
export interface ErrorDocument {
  readonly cniVersion: CniVersion;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** A verb's failure. `msg` says what and which one, `details` the remedy; a delegate's own code passes unchanged. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly details: string | undefined;

  constructor(code: number, msg: string, details?: string, options?: ErrorOptions) {
    super(msg, options);
    this.code = code;
    this.details = details;
  }

  /** The error as the specification's JSON object, in the version that the runtime asked for. */
  toDocument(cniVersion: CniVersion): ErrorDocument {
    return {
      cniVersion,
      code: this.code,
      msg: this.message,
      details: this.details ?? REMEDIES[this.code] ?? NO_CHANGE,
    };
  }

  /**
   * The same error in words that a runtime does not take for success: go-cni drops every DEL error that contains
   * "not found", and "no such file or directory" when the namespace is empty, and so never tries again.
   */
  forDel(): CniError {
    const details = this.details === undefined ? undefined : unswallowable(this.details);
    return new CniError(this.code, unswallowable(this.message), details, { cause: this.cause });
  }
}

function unswallowable(text: string): string {
  return text.replace(/not\s+found/gi, 'missing').replace(/no\s+such\s+file(\s+or\s+directory)?/gi, 'file missing');
}
