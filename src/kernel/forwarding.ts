/**
 * What makes the host a router.
 *
 * Linux stops listening to router advertisements on a link with accept_ra=1 once IPv6 forwarding is on, and the routes
 * learned from them expire: the node loses its way out some minutes later. accept_ra=2 listens all the same, so links
 * that live on advertisements get it first.
 */
import { AF_INET6, decodeRoute, dumpRoutes, type NetlinkSocket, nameOfIndex } from '../netlink/index.js';
import { ensureSysctl, readSysctl } from './sysctl.js';

const IPV6_FORWARDING = 'net/ipv6/conf/all/forwarding';
/** Routes from router advertisements (linux/rtnetlink.h). */
const RTPROT_RA = 9;

/** Turns forwarding on where it is off, and lets rp_filter look where the mark of a packet leads. */
export function forwardPackets(socket: NetlinkSocket): void {
  ensureSysctl('net/ipv4/ip_forward', '1');
  ensureSysctl('net/ipv4/conf/all/src_valid_mark', '1');
  if (readSysctl(IPV6_FORWARDING) !== '0') return;
  keepAdvertisedRoutes(socket);
  ensureSysctl(IPV6_FORWARDING, '1');
}

function keepAdvertisedRoutes(socket: NetlinkSocket): void {
  const routes = socket.dump(dumpRoutes({ family: AF_INET6, protocol: RTPROT_RA }), decodeRoute);
  const indexes = routes
    .filter((route) => route.protocol === RTPROT_RA)
    .flatMap((route) => route.hops.map((hop) => hop.oif));
  for (const index of new Set(indexes)) {
    const acceptRa = index && `net/ipv6/conf/${nameOfIndex(index)}/accept_ra`;
    if (acceptRa && readSysctl(acceptRa) === '1') ensureSysctl(acceptRa, '2');
  }
}
