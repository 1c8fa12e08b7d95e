/** One of the programs of the shortcut, and the links it is on. Those of an earlier controller are known by their name. */
import {
  attachProgram,
  attachProgramAside,
  closeAll,
  decodeFilter,
  describeProgram,
  detachProgramAside,
  dumpFilters,
  type NetlinkSocket,
  openProgram,
  programsOn,
  replaceProgram,
} from '../netlink/index.js';

/** With this the names of our programs begin, and with the other those of our filters when they still were some. */
export const OURS = 's32_';
const OUR_FILTERS = 'slash32-';

export class LinkProgram {
  readonly #socket: NetlinkSocket;
  readonly #descriptor: number;
  readonly #id: number;

  constructor(socket: NetlinkSocket, descriptor: number) {
    this.#socket = socket;
    this.#descriptor = descriptor;
    this.#id = describeProgram(descriptor).id;
  }

  isOn(link: number): boolean {
    return programsOn(link).includes(this.#id);
  }

  /** Puts it there unless it is. Where an earlier controller had none either, Linux takes 16 ms. Throws SystemError. */
  put(link: number): void {
    if (!this.isOn(link) && !this.succeed(link)) attachProgram(link, this.#descriptor);
  }

  /** The same for a link without one, on another thread. */
  putAside(link: number): Promise<void> {
    return attachProgramAside(link, this.#descriptor);
  }

  /** Takes the place of an earlier controller's program, if there is one. */
  succeed(link: number): boolean {
    const [old] = programsOn(link).filter((id) => id !== this.#id && isOurs(id));
    if (old === undefined) return false;
    const descriptor = openProgram(old);
    try {
      replaceProgram(link, this.#descriptor, descriptor);
    } finally {
      closeAll([descriptor]);
    }
    return true;
  }

  /** Does somebody else look at what comes in by this link? Packets that ours takes would not come by there. */
  meetsOthers(link: number): boolean {
    if (programsOn(link).some((id) => id !== this.#id && !isOurs(id))) return true;
    return this.#socket.dump(dumpFilters(link), decodeFilter).some(({ name }) => !name.startsWith(OUR_FILTERS));
  }

  /** Takes it off again, on another thread. */
  takeAside(link: number): Promise<void> {
    return detachProgramAside(link, openProgram(this.#id));
  }
}

/** Takes every program of ours off these links, whichever controller has put it there: one link after the other. */
export async function takeAllAside(links: readonly number[]): Promise<void> {
  const found = links.flatMap((link) => programsOn(link).map((id) => ({ link, id })));
  for (const { link, id } of found.filter(({ id }) => isOurs(id))) await detachProgramAside(link, openProgram(id));
}

/** One that is gone is nobody's. */
function isOurs(id: number): boolean {
  let descriptor: number;
  try {
    descriptor = openProgram(id);
  } catch {
    return false;
  }
  try {
    return describeProgram(descriptor).name.startsWith(OURS);
  } finally {
    closeAll([descriptor]);
  }
}
