/** A family in GoBGP's API: IANA's numbers. */
import type { Family } from '../model/address.js';

const UNICAST = 1;

export interface ApiFamily {
  readonly afi: number;
  readonly safi: number;
}

export function familyMessage(family: Family): ApiFamily {
  return { afi: family === 4 ? 1 : 2, safi: UNICAST };
}

/** Undefined: it is none of ours. */
export function readFamily(family: ApiFamily | null | undefined): Family | undefined {
  if (family?.safi !== UNICAST) return undefined;
  return family.afi === 1 ? 4 : family.afi === 2 ? 6 : undefined;
}
