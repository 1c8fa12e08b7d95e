import { expect } from 'chai';
import { until } from './until.js';

describe('until', () => {
  it('returns the first answer that is one', async () => {
    let asked = 0;
    const answer = await until(() => (++asked < 3 ? undefined : 'here'), { what: 'the third time' });
    expect([answer, asked]).to.deep.equal(['here', 3]);
  });

  it('takes a failing condition for "not yet", and 0 and "" for answers', async () => {
    let asked = 0;
    const condition = () => {
      if (++asked < 2) throw new Error('no such file');
      return 0;
    };
    expect(await until(condition, { what: 'a file' })).to.equal(0);
  });

  it('gives up with what it waited for, how long, and why not', async () => {
    const never = () => {
      throw new Error('state is Active');
    };
    const error = await until(never, { what: 'the session', timeout: 30 }).catch((reason: Error) => reason);
    expect(error).to.be.an('error').with.property('message');
    expect((error as Error).message).to.equal('gave up waiting for the session after 0.0 s: state is Active');
  });
});
