import { assert } from 'chai';
import { endpointLocks } from './per-endpoint-lock.js';
import { turns } from './turns.js';

const id = { containerId: 'c1', ifname: 'eth0' };
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('are given to so many at a time, and then in the order of asking', async () => {
    const two = turns(2);
    const order: number[] = [];
    const held: Disposable[] = [];
    const asking = [1, 2, 3, 4, 5].map((n) => two.take().then((turn) => order.push(n) && held.push(turn)));
    await settled();
    assert.deepEqual(order, [1, 2]);
    for (let i = 0; i < 5; i++) {
      held[i]![Symbol.dispose]();
      await settled();
    }
    await Promise.all(asking);
    assert.deepEqual(order, [1, 2, 3, 4, 5]);
    assert.isTrue(two.idle);
  });

  it('come back once, however often they are given back', async () => {
    const one = turns(1);
    const turn = await one.take();
    turn[Symbol.dispose]();
    turn[Symbol.dispose]();
    await one.take();
    let second = false;
    one.take().then(() => (second = true));
    await settled();
    assert.isFalse(second);
  });

  it('can be waited for no longer, and the next in line takes them', async () => {
    const one = turns(1);
    const first = await one.take();
    const leaving = new AbortController();
    const second = one.take(leaving.signal).then(
      () => 'taken',
      (reason) => reason,
    );
    const third = one.take();
    leaving.abort('left');
    assert.equal(await second, 'left');
    first[Symbol.dispose]();
    (await third)[Symbol.dispose]();
    assert.isTrue(one.idle);
  });

  it('are not taken by whoever has left already', async () => {
    const one = turns(1);
    assert.equal(await one.take(AbortSignal.abort('left')).catch((reason) => reason), 'left');
    assert.isTrue(one.idle);
  });
});

describe('the lock of an endpoint', () => {
  it('A18: lets one verb at a time pass, and endpoints do not wait for each other', async () => {
    const locks = endpointLocks();
    let inside = 0;
    let most = 0;
    const one = async (n: number) => {
      using _held = await locks.hold({ ...id, containerId: `c${n % 2}` });
      most = Math.max(most, ++inside);
      await settled();
      inside--;
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => one(n)));
    assert.equal(most, 2);
    assert.equal(locks.size, 0);
  });

  it('leaves no key behind, also when a waiter gave up', async () => {
    const locks = endpointLocks();
    const held = await locks.hold(id);
    const leaving = new AbortController();
    const waiting = locks.hold(id, leaving.signal).catch(() => 'gave up');
    leaving.abort();
    assert.equal(await waiting, 'gave up');
    assert.equal(locks.size, 1);
    held[Symbol.dispose]();
    assert.equal(locks.size, 0);
    await locks.hold(id, AbortSignal.abort()).catch(() => {});
    assert.equal(locks.size, 0);
  });
});
