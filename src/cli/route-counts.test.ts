import { expect } from 'chai';
import { routeCounts } from './route-counts.js';

describe('the counts below the routes', () => {
  it('have a line for each network, with every kind by its name', () => {
    const row = (network: string, verdict: 'own' | 'imported' | 'martian') => ({ network, verdict });
    const routes = [row('blue', 'own'), row('blue', 'imported'), row('red', 'martian'), row('blue', 'imported')];
    expect(routeCounts(routes)).to.eql(['blue: 1 own, 2 imported', 'red: 1 martian']);
  });
});
