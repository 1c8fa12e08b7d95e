import { expect } from 'chai';
import { sharedTurn } from './shared-turn.js';

describe('work that is shared within a turn', () => {
  it('is done once for all who ask in the same breath, and again for who comes later', async () => {
    const done: string[] = [];
    const ask = sharedTurn((...items: readonly string[]) => void done.push(items.join()));
    const first = [ask('a'), ask('b')];
    await Promise.all(first);
    await ask('c');
    expect(done).to.deep.equal(['a,b', 'c']);
  });

  it('that fails for one is done for the others, each alone, and the one hears why', async () => {
    const done: string[] = [];
    const ask = sharedTurn((...items: readonly string[]) => {
      if (items.includes('bad')) throw new Error('no bad ones');
      done.push(...items);
    });
    const asked = await Promise.allSettled(['a', 'bad', 'b'].map(ask));
    expect(asked.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(done).to.deep.equal(['a', 'b']);
  });
});
