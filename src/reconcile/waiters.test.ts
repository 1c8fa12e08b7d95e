import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Waiters } from './waiters.js';

describe('those who wait for a pass', () => {
  const late = () => new Error('late');

  it('leave nothing at a signal that outlives them, however they end', async () => {
    const { signal } = new AbortController();
    const waiters = new Waiters();
    let settled = false;
    const waits = Array.from({ length: 5 }, () => waiters.until(() => settled, signal, late));
    const refused = waiters.until(
      () => {
        if (settled) throw new Error('refused');
        return false;
      },
      signal,
      late,
    );
    expect(getEventListeners(signal, 'abort')).to.have.length(6);
    settled = true;
    waiters.ask();
    await Promise.all(waits);
    expect(await refused.catch((error: Error) => error.message)).to.equal('refused');
    expect(getEventListeners(signal, 'abort')).to.eql([]);
  });

  it('are told that it is late once the signal comes, and at once when it has come already', async () => {
    const end = new AbortController();
    const waiters = new Waiters();
    const wait = waiters.until(() => false, end.signal, late).catch((error: Error) => error.message);
    end.abort();
    expect(await wait).to.equal('late');
    expect(await waiters.until(() => false, end.signal, late).catch((error: Error) => error.message)).to.equal('late');
  });
});
