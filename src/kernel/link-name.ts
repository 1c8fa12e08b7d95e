import { hash } from 'node:crypto';
import { type EndpointId, endpointKey } from '../model/endpoint.js';
import { LINK_PREFIX } from './ours.js';

/** IFNAMSIZ of linux/if.h leaves 15 bytes for a name. */
const HASH_DIGITS = 12;

/** Name of an endpoint's host end: `s32` and 48 bits of the endpoint's hash, so that a retry finds the same link. */
export function hostLinkName(id: EndpointId): string {
  return LINK_PREFIX + hash('sha256', endpointKey(id)).slice(0, HASH_DIGITS);
}
