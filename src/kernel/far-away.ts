import { type Address, address, type Family } from '../model/address.js';

/**
 * Addresses to ask the way out of this node with: nobody has them, and nobody is told a route to them alone, so what leads
 * there is a default route. Not documentation addresses: labs live in them. 240.0.0.0/4 is reserved (RFC 1112). 3ffe::/16
 * was the 6bone's and has been given back (RFC 3701); it lies in 2000::/3, which some routers announce instead of ::/0.
 */
export const FAR_AWAY: Record<Family, Address> = { 4: address('240.0.0.1'), 6: address('3ffe::1') };
