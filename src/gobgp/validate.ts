/**
 * The last look before a value goes to gobgpd. It hardly checks its input: `10.1.0.300/32` is announced as 0.0.0.0/32,
 * and a malformed community kills the daemon, and with it every session. So whatever is not exactly what our own parsers
 * print stays here, even when the type system says that it cannot come.
 */
import { address, familyOf, isLinkLocal, prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { type ListenRange, type Peer, peerKey, type Speaker } from '../model/peer.js';
import { routeTarget } from '../model/route-target.js';

/** 8 bytes each, in a BGP message of 4096 (RFC 4271 section 4). */
const MOST_TARGETS = 256;
/** TCP_MD5SIG_MAXKEYLEN, linux/tcp.h. */
const MOST_PASSWORD_BYTES = 80;
/** RFC 4724 section 3: a 12-bit field. */
const MOST_RESTART_SECONDS = 4095;

/** Throws an Error that says what is wrong with this announcement. */
export function checkAnnouncement(announcement: Announcement): void {
  checkCanonical('prefix', announcement.prefix, prefix);
  if (announcement.targets.length > MOST_TARGETS) {
    refuse(
      announcement.prefix,
      `has ${announcement.targets.length} targets: at most ${MOST_TARGETS} fit a BGP message`,
    );
  }
  for (const target of announcement.targets) checkCanonical('route target', target, routeTarget);
}

/** Throws an Error that says which setting of the speaker gobgpd must not get. */
export function checkSpeaker(speaker: Speaker): void {
  checkAsn('the speaker', speaker.asn);
  checkCanonical('router id', speaker.routerId, address);
  if (familyOf(speaker.routerId) !== 4)
    refuse('the router id', `must look like an IPv4 address, not ${speaker.routerId}`);
  checkWhole('listenPort', speaker.listenPort, -1, 65_535);
  for (const one of speaker.listenAddresses) checkCanonical('listen address', one, address);
  checkWhole('hold time', speaker.timers.hold, 3, 65_535);
  checkWhole('keepalive time', speaker.timers.keepalive, 1, speaker.timers.hold);
  checkWhole('connect retry time', speaker.timers.connectRetry, 1, 65_535);
  checkWhole('restart time', speaker.restartTime, 0, MOST_RESTART_SECONDS);
  if (speaker.nextHop6 !== undefined) {
    checkCanonical('IPv6 next hop', speaker.nextHop6, address);
    if (familyOf(speaker.nextHop6) !== 6) refuse('the IPv6 next hop', `is ${speaker.nextHop6}`);
  }
  for (const peer of speaker.peers) checkPeer(peer);
  for (const range of speaker.ranges ?? []) checkRange(range);
  const keys = speaker.peers.map(peerKey);
  const twice = keys.find((one, i) => keys.indexOf(one) !== i);
  if (twice !== undefined) refuse(`peer ${twice}`, 'is named twice');
}

function checkPeer(peer: Peer): void {
  const name = `peer ${peer.address}`;
  // gobgpd looks up a name that is no address in the DNS.
  checkCanonical('peer address', peer.address, address);
  checkSession(name, peer);
  if (peer.localAddress !== undefined) checkCanonical(`local address of ${name}`, peer.localAddress, address);
  if (isLinkLocal(peer.address) && peer.device === undefined) refuse(name, 'is link-local: name its link');
  if (peer.device !== undefined && !/^[^\s/%]{1,15}$/.test(peer.device)) refuse(name, 'is on a link of no valid name');
}

function checkRange(range: ListenRange): void {
  checkCanonical('listen range', range.prefix, prefix);
  // AS 0 would let in any.
  checkSession(`listen range ${range.prefix}`, range);
}

function checkSession(name: string, peer: Peer | ListenRange): void {
  checkAsn(name, peer.asn);
  if (peer.families.length === 0) refuse(name, 'speaks no family: name ipv4, ipv6 or both');
  if (peer.multihop !== undefined) checkWhole(`multihop of ${name}`, peer.multihop, 1, 255);
  if (peer.ttlSecurity !== undefined) checkWhole(`ttlSecurity of ${name}`, peer.ttlSecurity, 1, 254);
  for (const [key, value] of Object.entries(peer.bfd ?? {})) checkWhole(`bfd ${key} of ${name}`, value, 1, 60_000);
  if (peer.maxPrefixes !== undefined) checkWhole(`maxPrefixes of ${name}`, peer.maxPrefixes, 1, 0xffffffff);
  // The password itself stays out of the error.
  if (Buffer.byteLength(peer.password ?? '') > MOST_PASSWORD_BYTES)
    refuse(name, 'has a password of more than 80 bytes');
}

function checkAsn(what: string, asn: number): void {
  checkWhole(`AS number of ${what}`, asn, 1, 0xffffffff);
}

function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(what, `is ${value}: expected a whole number from ${least} to ${most}`);
  }
}

function checkCanonical(what: string, text: string, parse: (text: string) => string): void {
  if (typeof text !== 'string') refuse(what, 'is not text');
  const canonical = parse(text);
  if (canonical !== text) refuse(what, `"${text}" is not in canonical form (${canonical})`);
}

function refuse(what: string, why: string): never {
  throw new RangeError(`${what} ${why}`);
}
