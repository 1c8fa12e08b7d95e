/**
 * A8: a controller that starts and dies over and over, while runtimes delete. The promise of PROTOCOL.md: every DEL that
 * succeeds is either answered or kept, and a DEL that met no controller is kept before the next one drains. (One that met
 * controllers, each of which died over it, may be kept after that; for its sake controllers also watch the directory.)
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { answer, type FakeController, type HeardRequest, listenAt, parseRequest } from './fake-controller.js';
import { lockExclusively } from './flock.js';
import { execute, type Outcome, Place } from './run-forwarder.js';

const DELETES = 600;
const AT_ONCE = 8;

/** Everything a sequence of controllers got to know, and what was kept while one of them listened. */
class Controllers {
  readonly answered = new Set<string>();
  readonly drained = new Set<string>();
  readonly overlooked = new Set<string>();
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    mkdirSync(place.tombstones, { recursive: true, mode: 0o700 });
  }

  /** As PROTOCOL.md wants it: lock, drain, listen, unlock. */
  async start(): Promise<FakeController> {
    using _ = await lockExclusively(join(this.#place.tombstones, '.lock'));
    for (const [path, container] of this.#kept()) {
      this.drained.add(container);
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
    for (const [, container] of this.#kept()) this.overlooked.add(container);
  }

  /** Stays away until somebody has deleted in vain, or nobody asks any more: between two lives there may be no time for that. */
  async rest(isOver: () => boolean): Promise<void> {
    while (this.#kept().length === 0 && !isOver()) await turn();
  }

  /** Path and container of every tombstone. */
  #kept(): [string, string][] {
    const names = readdirSync(this.#place.tombstones).filter((name) => !name.startsWith('.'));
    const paths = names.map((name) => join(this.#place.tombstones, name));
    return paths.map((path) => [path, id(parseRequest(readFileSync(path)))]);
  }
}

function id(request: HeardRequest): string {
  return request.environment.CNI_CONTAINERID ?? '';
}

/** Deletes c0, c1, ... with so many forwarders at once; resolves to what became of each. */
async function deleteAll(place: Place): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const containers = Array.from({ length: DELETES }, (_, index) => `c${index}`).values();
  const runtime = async () => {
    for (const container of containers) {
      const environment = place.verb('DEL', { CNI_CONTAINERID: container, SLASH32_CONNECT_MS: '10000' });
      outcomes.set(container, await execute(environment));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runtime));
  return outcomes;
}

describe('a controller that starts while runtimes delete', function () {
  this.timeout(120_000);
  it('A8: loses no DEL, and reads every tombstone of a DEL that met no controller before it listens', async () => {
    using place = new Place();
    const controllers = new Controllers(place);
    let over = false;
    const deletes = deleteAll(place).finally(() => {
      over = true;
    });
    for (let life = 0; !over; life++) {
      await controllers.live((life * 13) % 40, () => over);
      if (life % 5 === 0) await controllers.rest(() => over);
    }
    const outcomes = await deletes;
    await controllers.live(0, () => true);

    const failed = [...outcomes].filter(([, { exitCode, stdout }]) => exitCode !== 0 || stdout !== '');
    expect(failed).to.deep.equal([]);
    expect(new Set([...controllers.answered, ...controllers.drained]).size).to.equal(DELETES);
    const metNobody = (container: string) => outcomes.get(container)?.stderr.includes('no controller listens');
    expect([...controllers.overlooked].filter(metNobody)).to.deep.equal([]);
    expect([...controllers.drained].filter(metNobody), 'DELs between two lives').not.to.deep.equal([]);
    expect(controllers.answered.size, 'DELs during a life').to.be.above(0);
  });
});
