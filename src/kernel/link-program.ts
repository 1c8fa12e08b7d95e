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

  /** Is it there, and does somebody else look at what comes in by this link? What ours takes would not come by there. */
  look(link: number): { readonly isOn: boolean; readonly meetsOthers: boolean } {
    const programs = programsOn(link);
    const others = programs.filter((id) => id !== this.#id);
    const filters = this.#socket.dump(dumpFilters(link), decodeFilter);
    return {
      isOn: others.length < programs.length,
      meetsOthers: others.some((id) => !isOurs(id)) || filters.some(({ name }) => !name.startsWith(OUR_FILTERS)),
    };
  }

  /** Puts it there. Where an earlier controller had none either, Linux takes 16 ms. Throws SystemError. */
  put(link: number): void {
    if (!this.succeed(link)) attachProgram(link, this.#descriptor);
  }

  /** The same where none was, on another thread. */
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

  /** Takes it off again, on another thread. */
  takeAside(link: number): Promise<void> {
    return takeOff(link, this.#id);
  }
}

/** Takes every program of ours off these links, whichever controller has put it there: one link after the other. */
export async function takeAllAside(links: readonly number[]): Promise<void> {
  const found = links.flatMap((link) => programsOn(link).map((id) => ({ link, id })));
  // What fails has gone, or another controller's program has its place by now.
  for (const { link, id } of found.filter(({ id }) => isOurs(id))) await takeOff(link, id).catch(() => {});
}

async function takeOff(link: number, id: number): Promise<void> {
  await detachProgramAside(link, openProgram(id));
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
