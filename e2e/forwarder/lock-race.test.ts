/**
 * A8: a controller that starts and dies over and over, while runtimes delete. The promise of PROTOCOL.md: every DEL that
 * succeeds is either answered or kept, and what is kept is there before the next controller drains. A controller that has
 * started, and whose answers all arrive, never finds a tombstone again.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { answer, type FakeController, type HeardRequest, listenAt, parseRequest } from './fake-controller.js';
import { lockExclusively } from './flock.js';
import { execute, Place } from './run-forwarder.js';

const DELETES = 400;
const AT_ONCE = 8;

/** Everything a sequence of controllers got to know, and whether one found a tombstone that it should not. */
class Controllers {
  readonly answered = new Set<string>();
  readonly drained = new Set<string>();
  readonly overlooked: string[] = [];
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    mkdirSync(place.tombstones, { recursive: true, mode: 0o700 });
  }

  /** As PROTOCOL.md wants it: lock, drain, listen, unlock. */
  async start(): Promise<FakeController> {
    using _ = await lockExclusively(join(this.#place.tombstones, '.lock'));
    for (const name of this.#kept()) {
      const path = join(this.#place.tombstones, name);
      this.drained.add(id(parseRequest(readFileSync(path))));
      rmSync(path);
    }
    return listenAt(this.#place.socket, (connection, request) => {
      this.answered.add(id(request));
      connection.end(answer(''));
    });
  }

  /** Lives until it has answered so many, or nobody asks any more; then dies with whatever it has in hand. */
  async live(requests: number, isOver: () => boolean): Promise<void> {
    await using controller = await this.start();
    while (controller.heard.length < requests && !isOver()) await turn();
    this.overlooked.push(...this.#kept());
  }

  #kept(): string[] {
    return readdirSync(this.#place.tombstones).filter((name) => !name.startsWith('.'));
  }
}

function id(request: HeardRequest): string {
  return request.environment.CNI_CONTAINERID ?? '';
}

/** Deletes c0, c1, ... with so many forwarders at once; resolves to the ids of those that did not succeed. */
async function deleteAll(place: Place): Promise<string[]> {
  const failed: string[] = [];
  let next = 0;
  const runtime = async () => {
    for (let index = next++; index < DELETES; index = next++) {
      const environment = place.verb('DEL', { CNI_CONTAINERID: `c${index}`, SLASH32_CONNECT_MS: '10000' });
      const { exitCode, stdout } = await execute(environment);
      if (exitCode !== 0 || stdout !== '') failed.push(`c${index}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runtime));
  return failed;
}

describe('a controller that starts while runtimes delete', () => {
  it('A8: loses no DEL, and has read every tombstone that was written before it listened', async function () {
    this.timeout(120_000);
    using place = new Place();
    const controllers = new Controllers(place);
    let over = false;
    const deletes = deleteAll(place).finally(() => {
      over = true;
    });
    let lives = 0;
    for (; !over; lives++) await controllers.live(lives % 5, () => over);
    expect(await deletes).to.deep.equal([]);
    await controllers.live(0, () => true);

    const known = new Set([...controllers.answered, ...controllers.drained]);
    expect(known.size).to.equal(DELETES);
    expect(controllers.overlooked).to.deep.equal([]);
    expect(controllers.drained.size, `of ${lives} lives, no DEL met a dead controller`).to.be.above(0);
    expect(controllers.answered.size, `of ${lives} lives, no DEL met a live controller`).to.be.above(0);
  });
});
