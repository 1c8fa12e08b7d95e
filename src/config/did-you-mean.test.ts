import { expect } from 'chai';
import fc from 'fast-check';
import { didYouMean } from './did-you-mean.js';

const KEYS = ['name', 'address', 'asn', 'passwordFile', 'peers', 'timers'];

describe('a suggestion', () => {
  it('is the key at most two typos away', () => {
    const meant = ['nmae', 'adress', 'ASN', 'peer', 'timer'].map((word) => didYouMean(word, KEYS));
    expect(meant).to.deep.equal(['name', 'address', 'asn', 'peers', 'timers']);
  });

  it('is the key that a word begins', () => {
    expect(didYouMean('password', KEYS)).to.equal('passwordFile');
  });

  it('is none for a word that is far from all', () => {
    expect(['http', 'x', '', 'q'.repeat(10_000)].map((word) => didYouMean(word, KEYS))).to.deep.equal(
      Array(4).fill(undefined),
    );
  });

  it('is the key itself, for every key', () => {
    fc.assert(fc.property(fc.constantFrom(...KEYS), (key) => didYouMean(key, KEYS) === key));
  });
});
