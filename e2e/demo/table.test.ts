import { expect } from 'chai';
import { table } from './table.js';

describe('a table', () => {
  it('aligns columns with two spaces in between, and leaves no space at the end of a line', () => {
    const printed = table(
      ['NAME', 'NODE'],
      [
        ['blue-1', 'node1'],
        ['b', 'n'],
      ],
    );
    expect(printed).to.equal('NAME    NODE\nblue-1  node1\nb       n');
  });
});
