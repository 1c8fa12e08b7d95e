/**
 * How peers ended their last sessions, in a file beside gobgpd's socket: its API does not tell (3.x has no word for it, and in
 * 4.8 the word stays empty), but it prints it, and its supervisor reads what it prints.
 *
 *     {"Key":"192.0.2.0","Code":6,"Subcode":1,"Data":"AAEBAAAAAg==","msg":"received notification", ...}
 *     {"Key":"192.0.2.0","Reason":"notification-received code 6(cease) ...","msg":"Peer Down", ...}
 */
import type { Goodbye } from '../model/peer.js';
import { type Note, noteBeside } from './beside-socket.js';

/** By the peer's address, as gobgpd writes it. */
export type Goodbyes = ReadonlyMap<string, Goodbye>;

/** Cease, maximum number of prefixes reached (RFC 4486). Its data: AFI, SAFI, and the limit. */
const [CEASE, TOO_MANY] = [6, 1];
const LIMIT_AT = 3;
/** So many peers are remembered at most; gobgpd names only those that had a session. */
const MOST = 10_000;
const SAID = 'received notification';
const DOWN = 'Peer Down';

/** Follows what a new gobgpd prints. What was noted of the one before is gone: it is about its sessions. */
export function noteGoodbyes(api: string): (line: string) => void {
  const note = noteOf(api);
  const said = new Map<string, Goodbye>();
  const down = new Map<string, Goodbye>();
  let writing = note.remove().catch(ignored);
  return (line) => {
    const event = eventIn(line);
    if (!event) return;
    const { peer } = event;
    if (event.goodbye) {
      if (said.size < MOST) said.set(peer, event.goodbye);
      return;
    }
    const goodbye = said.get(peer);
    said.delete(peer);
    if (goodbye) down.set(peer, goodbye);
    else down.delete(peer);
    const content = JSON.stringify(Object.fromEntries(down));
    writing = writing.then(() => note.write(content)).catch(ignored);
  };
}

/** What is noted now; nothing where another supervisor runs gobgpd. */
export async function goodbyes(api: string): Promise<Goodbyes> {
  const text = (await noteOf(api).read()) ?? '{}';
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, Goodbye>));
  } catch {
    return new Map();
  }
}

function eventIn(line: string): { readonly peer: string; readonly goodbye?: Goodbye } | undefined {
  if (!line.includes(SAID) && !line.includes(DOWN)) return undefined;
  try {
    const { msg, Key: peer, Code: code, Subcode: subcode, Data: data } = JSON.parse(line);
    if (typeof peer !== 'string') return undefined;
    if (msg === DOWN) return { peer };
    if (msg !== SAID || typeof code !== 'number' || typeof subcode !== 'number') return undefined;
    return { peer, goodbye: { code, subcode, ...limitIn(code, subcode, data) } };
  } catch {
    return undefined; // a line for people
  }
}

function limitIn(code: number, subcode: number, data: unknown): Pick<Goodbye, 'limit'> {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.alloc(0);
  if (code !== CEASE || subcode !== TOO_MANY || bytes.length < LIMIT_AT + 4) return {};
  return { limit: bytes.readUInt32BE(LIMIT_AT) };
}

function noteOf(api: string): Note {
  return noteBeside(api, 'goodbyes');
}

/** Without the note, the reason is looked for in other ways. */
const ignored = () => {};
