/**
 * Elements of verdict maps: a key, and what becomes of a packet that has it.
 *
 * A key is the bytes of its parts one after another, each filled up to a multiple of four; an interface name takes 16.
 */
import {
  aligned,
  attributeList,
  attributes,
  type Message,
  NLM_F_ACK,
  NLM_F_CREATE,
  type Request,
  textOf,
} from './message.js';
import { NFGENMSG, NftMessage, nftDump, nftRequest, u32be } from './nft.js';

const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;
/** enum nft_verdicts: go there and do not come back. */
const NFT_GOTO = -4;
/** linux/if.h */
const IFNAMSIZ = 16;
/** The type of an attribute without its flag bits (linux/netlink.h). */
const NLA_TYPE_MASK = 0x3fff;
const NOTHING = Buffer.alloc(0);

/** One element of a verdict map whose verdict is `goto chain`. */
export interface VerdictElement {
  readonly map: string;
  readonly key: Buffer;
  /** Empty when the kernel's element has another verdict than `goto`. */
  readonly chain: string;
}

/** An interface name as part of a key. */
export function interfaceKey(name: string): Buffer {
  const key = Buffer.alloc(IFNAMSIZ);
  if (Buffer.byteLength(name) >= IFNAMSIZ) throw new RangeError(`an interface name is at most 15 bytes: "${name}"`);
  key.write(name);
  return key;
}

/** Adds an element. One that is there with the same verdict is fine; with another the kernel says EEXIST or EBUSY. */
export function addElement(table: string, element: VerdictElement): Request {
  return elementRequest(NftMessage.NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, table, element, true);
}

/** Removes an element by its key. ENOENT: it is not there, or its map or table is not. */
export function removeElement(table: string, element: Pick<VerdictElement, 'map' | 'key'>): Request {
  return elementRequest(NftMessage.DELSETELEM, NLM_F_ACK, table, { ...element, chain: '' }, false);
}

/** Asks for all elements of one map. */
export function elementsDump(table: string, map: string): Request {
  return nftDump(NftMessage.GETSETELEM, (into) => {
    into.attributeText(NFTA_SET_ELEM_LIST_TABLE, table).attributeText(NFTA_SET_ELEM_LIST_SET, map);
  });
}

/** The elements in one message of such a dump. */
export function elementsIn(message: Message): VerdictElement[] {
  const found = attributes(message.body, NFGENMSG);
  const map = textOf(found.get(NFTA_SET_ELEM_LIST_SET) ?? NOTHING);
  const list = found.get(NFTA_SET_ELEM_LIST_ELEMENTS) ?? NOTHING;
  return [...attributeList(list)].map(([, element]) => decodeElement(map, element));
}

function elementRequest(
  kind: number,
  flags: number,
  table: string,
  element: VerdictElement,
  verdict: boolean,
): Request {
  return nftRequest(kind, flags, (into) => {
    into.attributeText(NFTA_SET_ELEM_LIST_TABLE, table).attributeText(NFTA_SET_ELEM_LIST_SET, element.map);
    into.nestMarked(NFTA_SET_ELEM_LIST_ELEMENTS, () =>
      into.nestMarked(NFTA_LIST_ELEM, () => {
        into.nestMarked(NFTA_SET_ELEM_KEY, () => into.attribute(NFTA_DATA_VALUE, element.key));
        if (!verdict) return;
        into.nestMarked(NFTA_SET_ELEM_DATA, () =>
          into.nestMarked(NFTA_DATA_VERDICT, () =>
            into.attribute(NFTA_VERDICT_CODE, u32be(NFT_GOTO)).attributeText(NFTA_VERDICT_CHAIN, element.chain),
          ),
        );
      }),
    );
  });
}

function decodeElement(map: string, element: Buffer): VerdictElement {
  const key = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
  const verdict = inside(inside(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VERDICT);
  const code = inside(verdict, NFTA_VERDICT_CODE);
  const isGoto = code.length === 4 && code.readInt32BE() === NFT_GOTO;
  return { map, key: Buffer.from(key), chain: isGoto ? textOf(inside(verdict, NFTA_VERDICT_CHAIN)) : '' };
}

/** The attribute `type` of an attribute that is a list. Without a Map each: a dump holds elements by the ten thousand. */
function inside(list: Buffer, type: number): Buffer {
  for (let at = 0; at + 4 <= list.length; ) {
    const length = list.readUInt16LE(at);
    if (length < 4) break;
    if ((list.readUInt16LE(at + 2) & NLA_TYPE_MASK) === type) return list.subarray(at + 4, at + length);
    at += aligned(length);
  }
  return NOTHING;
}
