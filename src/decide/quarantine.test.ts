import { expect } from 'chai';
import { type Address, address } from '../model/address.js';
import { ALL_IN, afterCrash, afterWhile, isLetIn, type Quarantine } from './quarantine.js';

const [ONE, TWO, POISON] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(address) as [Address, Address, Address];
const PEERS = [POISON, ONE, TWO];

/** A fabric in which gobgpd breaks down `strike` ms after the session of `guilty` has come up. */
class World {
  now = 0;
  state: Quarantine = ALL_IN;
  crashes = 0;
  readonly #guilty: Address | undefined;
  readonly #strike: number;
  readonly #sessions = new Map<Address, number>();

  constructor(guilty: Address | undefined, strike = 100) {
    this.#guilty = guilty;
    this.#strike = strike;
  }

  get letIn(): Address[] {
    return PEERS.filter((peer) => isLetIn(this.state, peer));
  }

  run(seconds: number): this {
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 100) this.#step();
    return this;
  }

  crash(): void {
    this.crashes++;
    const up = [...this.#sessions].sort(([, a], [, b]) => b - a).map(([peer]) => peer);
    this.#sessions.clear();
    this.state = afterCrash(this.state, { now: this.now, words: 'panic', up }, PEERS);
  }

  /** Sessions come up 2 s after gobgpd is asked for them. */
  #step(): void {
    for (const peer of [...this.#sessions.keys()]) if (!isLetIn(this.state, peer)) this.#sessions.delete(peer);
    for (const peer of this.letIn) if (!this.#sessions.has(peer)) this.#sessions.set(peer, this.now + 2_000);
    const up = [...this.#sessions].filter(([, at]) => this.now >= at).map(([peer]) => peer);
    const struck = this.#guilty && this.#sessions.get(this.#guilty);
    if (struck !== undefined && this.now >= struck + this.#strike) this.crash();
    else this.state = afterWhile(this.state, this.now, up);
  }
}

describe('a peer that makes gobgpd break down', () => {
  it('is left out after a few breakdowns, and the others are in', () => {
    const world = new World(POISON).run(120);
    expect(world.letIn).to.deep.equal([ONE, TWO]);
    expect([...world.state.leftOut]).to.have.length(1);
    expect(world.state.leftOut.get(POISON)).to.include({ words: 'panic' });
    expect(world.crashes).to.equal(4);
  });

  it('is left out too when it strikes late, with more patience each round', () => {
    const world = new World(POISON, 15_000).run(600);
    expect(world.letIn).to.not.include(POISON);
  });

  it('comes in again on trial, and is left out at once and for longer when it has not changed', () => {
    const world = new World(POISON).run(590);
    const { crashes } = world;
    expect(world.run(100).letIn).to.deep.equal([ONE, TWO]);
    expect(world.crashes).to.equal(crashes + 1);
    expect(world.state.leftOut.get(POISON)?.until).to.be.within(world.now + 1_000_000, world.now + 1_200_000);
  });

  it('is nobody while gobgpd breaks down now and then', () => {
    const world = new World(undefined);
    for (let i = 0; i < 10; i++) {
      world.run(70);
      world.crash();
    }
    expect(world.run(10).letIn).to.deep.equal(PEERS);
  });

  it('is nobody when gobgpd breaks down three times and then no more: each is let in again', () => {
    const world = new World(undefined).run(10);
    for (let i = 0; i < 3; i++) world.crash();
    expect(world.letIn).to.have.length(1);
    expect(world.run(60).letIn).to.deep.equal(PEERS);
    expect(world.state.trial).to.equal(undefined);
  });
});
