/**
 * Host ends that vanish. The kernel removes a namespace in its own time after the last user has left, and the host end of
 * each veth pair goes with it: that event is the first certain word of a container that ended.
 */
import { decodeLink, Group, listen, RTM_DELLINK } from '../netlink/index.js';
import { DOOMED_GROUP, LINK_PREFIX, PROTOCOL } from './ours.js';

/** A link each; what is lost makes us look at everything. */
const QUEUE_BYTES = 1024 * 1024;

/** @param ownPorts sockets of ours, whose removals are no news */
export function watchHostEnds(ownPorts: readonly number[], gone: () => void, signal: AbortSignal): void {
  const links = { groups: [Group.link], type: RTM_DELLINK, routeProtocol: PROTOCOL };
  const hear = (message: Parameters<typeof decodeLink>[0]) => {
    const { name, group } = decodeLink(message);
    // The end of a link that goes with its group is told as nobody's; by the group it was ours.
    if (name.startsWith(LINK_PREFIX) && group !== DOOMED_GROUP) gone();
  };
  listen({ ...links, ignorePorts: ownPorts, queue: QUEUE_BYTES }, { hear, lost: gone }, signal);
}
