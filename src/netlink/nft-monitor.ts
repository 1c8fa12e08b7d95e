/**
 * Who touches an nftables table: the kernel tells the members of one multicast group of every change to any table.
 *
 * Others change theirs as often as they like (kube-proxy does so all day), so each event is looked at for the table's name,
 * which is the first attribute of every kind of event but one: the new generation, which says nothing about whose it was.
 */
import type { Message } from './message.js';
import { textOf } from './message.js';
import { attend, notFrom } from './monitor.js';
import { NFGENMSG, nftAttributes } from './nft.js';
import { NETLINK_NETFILTER, NetlinkSocket } from './socket.js';

/** linux/netfilter/nfnetlink.h */
const NFNLGRP_NFTABLES = 7;
/** linux/netfilter/nf_tables.h */
const NFT_MSG_NEWGEN = 15;
/** NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE, NFTA_SET_ELEM_LIST_TABLE: the same number in all. */
const TABLE_NAME = 1;
const QUEUE = 4 * 1024 * 1024;

/**
 * Calls when a table of this name was touched, or may have been because events were lost; until the signal.
 * @param ignorePorts events that these sockets of ours caused are left out
 */
export function listenToTable(
  table: string,
  ignorePorts: readonly number[],
  touched: () => void,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  const socket = new NetlinkSocket(NETLINK_NETFILTER, QUEUE);
  socket.filter(notFrom(ignorePorts));
  socket.join(NFNLGRP_NFTABLES);
  attend(socket, { hear: (message) => isAbout(table, message) && touched(), lost: touched }, signal);
}

/** In whatever family: tables of one name in several are rare, and a needless look is cheap. */
function isAbout(table: string, message: Message): boolean {
  if ((message.type & 0xff) === NFT_MSG_NEWGEN || message.body.length <= NFGENMSG) return false;
  return textOf(nftAttributes(message).get(TABLE_NAME) ?? Buffer.alloc(0)) === table;
}
