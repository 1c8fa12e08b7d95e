/** What the rest of slash32 may use of this folder; README.md shows how. */
export * from './address.js';
export {
  closeAll,
  createMap,
  loadProgram,
  type MapShape,
  MapType,
  putEntry,
  readEntry,
  removeEntry,
  takeFirst,
} from './bpf.js';
export { programIn } from './bpf-object.js';
export { callOut } from './call-out.js';
export { Errno, indexOfName, nameOfIndex, SystemError } from './libc.js';
export * from './link.js';
export * from './message.js';
export * from './monitor.js';
export * from './namespace.js';
export * from './neighbour.js';
export * from './netlink-error.js';
export * from './nft.js';
export * from './nft-chain.js';
export * from './nft-element.js';
export * from './nft-monitor.js';
export * from './route.js';
export * from './rule.js';
export * from './socket.js';
export * from './tcx.js';
export * from './traffic-control.js';
export { NETLINK_XFRM, policyCount } from './xfrm.js';
