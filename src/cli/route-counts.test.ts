import { expect } from 'chai';
import { routeCounts } from './route-counts.js';

describe('the counts below the routes', () => {
  it('have a line for each network: what it has, and then what it refuses, by kind', () => {
    const rows = (network: string, ...verdicts: ('own' | 'imported' | 'martian' | 'denied')[]) =>
      verdicts.map((verdict) => ({ network, verdict }));
    const routes = [...rows('blue', 'denied', 'martian', 'imported', 'martian', 'own'), ...rows('red', 'martian')];
    expect(routeCounts(routes)).to.eql(['blue: 1 own, 1 imported, 2 martian, 1 denied', 'red: 1 martian']);
  });
});
