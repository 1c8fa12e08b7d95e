/**
 * Removing links, many at the price of one.
 *
 * Before Linux frees a link it waits until no processor can hold it any more, some 20 ms, once for every removal, however
 * many links that removes. So links that are to go at the same time are put into one group, and the group is removed, one
 * removal at a time; whoever comes meanwhile is in the next. The waiting is done on another thread.
 */
import { deleteGroup, Errno, NetlinkError, type NetlinkSocket, setLink } from '../netlink/index.js';
import { DOOMED_GROUP } from './ours.js';
import { turn } from './turn.js';

interface Waiting {
  readonly index: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class LinkRemoval {
  readonly #socket: NetlinkSocket;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param socket for this alone: it is busy while a removal runs */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Removes a link. One that is gone is fine. */
  remove(index: number): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ index, done, failed });
      if (!this.#running) this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    await turn(); // those that are asked for in the same breath come along
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#removeTogether(batch.map(({ index }) => index));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#running = false;
  }

  async #removeTogether(indexes: readonly number[]): Promise<void> {
    const marked = this.#socket.batch(indexes.map((index) => setLink(index, { group: DOOMED_GROUP })));
    for (const error of marked.values()) if (error.errno !== Errno.ENODEV) throw error;
    const error = (await this.#socket.togetherAside([deleteGroup(DOOMED_GROUP)])).get(0);
    if (error instanceof NetlinkError && error.errno !== Errno.ENODEV) throw error;
  }
}
