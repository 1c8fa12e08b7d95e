/**
 * What an announcement names as its next hop.
 *
 * For the unspecified address gobgpd puts each session's own: next hop self, right on every link, on eBGP and iBGP. With one
 * exception, measured with 3.10, 3.36 and 4.8: an IPv6 path on an IPv4 session gets ::ffff:<IPv4 address>, which FRR takes
 * and no kernel can route. A node with such a peer has to name one IPv6 address of its own, and then all peers hear that one.
 */
import { networkInterfaces } from 'node:os';
import { type Address, address, contains, type Family, familyOf, type Prefix, prefixAround } from '../model/address.js';
import type { Peer, Speaker } from '../model/peer.js';

/** The next hop of each family. */
export type NextHops = Readonly<Record<Family, Address>>;

/** The links of this host: name and addresses, as node:os tells them. */
export type Links = ReturnType<typeof networkInterfaces>;

/** gobgpd's word for "this session's own address". */
const SELF: NextHops = { 4: '0.0.0.0' as Address, 6: '::' as Address };

/** The next hops for this speaker, and which peers will hear an IPv6 next hop that they cannot use. */
export function nextHopsFor(
  speaker: Speaker,
  links: Links = networkInterfaces(),
): { readonly nextHops: NextHops; readonly useless: readonly Peer[] } {
  const needing = speaker.peers.filter((peer) => peer.families.includes(6) && familyOf(peer.address) === 4);
  const [first] = needing;
  if (!first) return { nextHops: SELF, useless: [] };
  const named = speaker.nextHop6 ?? addressBeside(first, links);
  return named ? { nextHops: { ...SELF, 6: named }, useless: [] } : { nextHops: SELF, useless: needing };
}

/** A global IPv6 address on the link that the peer's IPv4 address is on. */
function addressBeside(peer: Peer, links: Links): Address | undefined {
  for (const addresses of Object.values(links)) {
    const onLink = addresses?.some((one) => one.family === 'IPv4' && contains(prefixOf(one.cidr), peer.address));
    const beside = addresses?.find((one) => one.family === 'IPv6' && one.scopeid === 0 && !one.internal);
    if (onLink && beside) return address(beside.address);
  }
  return undefined;
}

function prefixOf(cidr: string | null): Prefix {
  const [base = '', length] = (cidr ?? '0.0.0.0/32').split('/');
  return prefixAround(address(base), Number(length));
}
