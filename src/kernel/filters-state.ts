/**
 * What the kernel has of our table, read back: to see whether somebody touched it, and to put right what differs.
 *
 * The rules are compared with what they were right after we wrote them, byte for byte with their handles, because reading
 * back rules as text would need nft. Elements are compared with those that should be there.
 */
import {
  chainIn,
  chainsDump,
  Errno,
  elementsDump,
  elementsIn,
  NetlinkError,
  type NetlinkSocket,
  ruleIn,
  rulesDump,
  tableFlags,
  tableRequest,
  type VerdictElement,
} from '../netlink/index.js';
import type { ElementChange } from './filters-commit.js';
import { elementId } from './filters-elements.js';
import { MASQUERADE_MAPS } from './filters-masquerade.js';
import { MAPS, TABLE } from './filters-ruleset.js';

/** The names of our table's chains. Empty when there is no table. */
export function chainNames(socket: NetlinkSocket): string[] {
  return chains(socket).map((chain) => chain.name);
}

/** Table, chains and rules as one text; undefined when there is no table. Equal texts: nobody touched them. */
export function structure(socket: NetlinkSocket): string | undefined {
  const flags = absentAs(undefined, () => socket.request(tableRequest(TABLE)).map(tableFlags).join());
  if (flags === undefined) return undefined;
  const rules = socket.dump(rulesDump(TABLE), (message) => ruleIn(TABLE, message));
  return [
    flags,
    ...chains(socket).map(({ name, hook }) => `${name} ${hook}`),
    ...rules.map(({ chain, content }) => `${chain} ${content}`),
  ].join('\n');
}

/**
 * What has to change so that the maps hold exactly the wanted elements.
 * @param wanted by id
 */
export function elementsToChange(socket: NetlinkSocket, wanted: ReadonlyMap<string, VerdictElement>): ElementChange {
  const missing = new Map(wanted);
  const remove: VerdictElement[] = [];
  for (const found of elements(socket)) {
    const id = elementId(found);
    const chain = wanted.get(id)?.chain;
    if (chain === undefined) remove.push(found);
    else if (chain === found.chain) missing.delete(id);
  }
  return { put: [...missing.values()], remove };
}

function elements(socket: NetlinkSocket): VerdictElement[] {
  return Object.keys({ ...MAPS, ...MASQUERADE_MAPS }).flatMap((map) =>
    absentAs([], () => socket.dump(elementsDump(TABLE, map), elementsIn).flat()),
  );
}

function chains(socket: NetlinkSocket) {
  return socket.dump(chainsDump(), (message) => chainIn(TABLE, message));
}

function absentAs<T>(absent: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === Errno.ENOENT) return absent;
    throw error;
  }
}
