import { expect } from 'chai';
import { Bell } from './bell.js';

const LONG = 60_000;
const NEVER = new AbortController().signal;

describe('a bell', () => {
  it('ends a wait', async () => {
    const bell = new Bell();
    const wait = bell.wait(LONG, NEVER);
    bell.ring();
    await wait;
  });

  it('that rang while nobody waited ends the next wait, and only that', async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.wait(LONG, NEVER);
    let isOver = false;
    const second = bell.wait(LONG, NEVER).then(() => (isOver = true));
    await new Promise(setImmediate);
    expect(isOver).to.equal(false);
    bell.ring();
    await second;
  });

  it('that nobody rings lets the time pass', async () => {
    await new Bell().wait(1, NEVER);
  });

  it('ends no wait of those who gave up', async () => {
    const over = new AbortController();
    const wait = new Bell().wait(LONG, over.signal);
    over.abort(new Error('enough'));
    expect(await wait.catch((error: Error) => error.message)).to.equal('enough');
  });
});
