/** IPsec policies of a host (linux/xfrm.h): how many there are. */
import { attributes, NLM_F_ACK, NLM_F_REQUEST } from './message.js';
import type { NetlinkSocket } from './socket.js';

export const NETLINK_XFRM = 6;
const XFRM_MSG_GETSPDINFO = 0x25;
/** struct xfrmu_spdinfo | in u32 | out u32 | forwarded u32 | the same of sockets |: packets on their way through meet the middle two. */
const XFRMA_SPD_INFO = 1;

/** So many policies decide about packets that a host forwards. @param socket of NETLINK_XFRM */
export function policyCount(socket: NetlinkSocket): number {
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  const [answer] = socket.request({ type: XFRM_MSG_GETSPDINFO, flags, write: (message) => message.u32(0) });
  const info = answer && attributes(answer.body, 4).get(XFRMA_SPD_INFO);
  return info ? info.readUInt32LE(4) + info.readUInt32LE(8) : 0;
}
