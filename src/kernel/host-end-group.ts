/** Keeps every host end in the group that networks with a way out through the main table cannot reach. */
import { decodeLink, dumpLinks, Errno, type NetlinkSocket, setLink } from '../netlink/index.js';
import { parseAlias } from './alias.js';
import { DOOMED_GROUP, HOST_END_GROUP } from './ours.js';

/** Puts back host ends of ours that an older version made, or somebody moved. Those about to be removed stay. */
export function groupHostEnds(socket: NetlinkSocket): void {
  const strays = socket
    .dump(dumpLinks('veth'), decodeLink)
    .filter(({ alias, group }) => group !== HOST_END_GROUP && group !== DOOMED_GROUP && parseAlias(alias));
  const failed = socket.batch(strays.map(({ index }) => setLink(index, { group: HOST_END_GROUP })));
  for (const [at, error] of failed) {
    if (error.errno === Errno.ENODEV) continue;
    throw new Error(`cannot put ${strays[at]!.name} into the group of host ends: ${error.message}`, { cause: error });
  }
}
