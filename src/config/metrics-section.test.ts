import { expect } from 'chai';
import { example, problemsOf } from './example-node.js';

const file = (metrics: string) => `bgp: { asn: 65001, peers: [] }\nmetrics: ${metrics}\n`;

describe('metrics: of the configuration', () => {
  it('is an address and a port, and nothing is served over TCP without it', () => {
    expect(example(file('{ listen: 127.0.0.1:9432 }')).metrics).to.eql({ address: '127.0.0.1', port: 9432 });
    expect(example(file('{ listen: "[::1]:9432" }')).metrics).to.eql({ address: '::1', port: 9432 });
    expect(example('bgp: { asn: 65001, peers: [] }\n').metrics).to.equal(undefined);
  });

  it('may be any address of a node, but every address only when that is written out', () => {
    expect(example(file('{ listen: 192.0.2.1:9432 }')).metrics?.address).to.equal('192.0.2.1');
    for (const everywhere of ['0.0.0.0:9432', '"[::]:9432"']) {
      expect(problemsOf(file(`{ listen: ${everywhere} }`)).join()).to.match(
        /^2:\d+: metrics\.listen: .* is every address of this node.*"everywhere: true"/,
      );
      expect(problemsOf(file(`{ listen: ${everywhere}, everywhere: true }`))).to.eql([]);
    }
  });

  it('does not say "everywhere" of one address', () => {
    expect(problemsOf(file('{ listen: 127.0.0.1:9432, everywhere: true }')).join()).to.match(
      /metrics\.everywhere: .*leave it out/,
    );
  });

  for (const wrong of [
    '9432',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '::1:9432',
    'localhost:9432',
    '127.1:9432',
    '":9432"',
  ]) {
    it(`refuses ${wrong} and shows how it is written`, () => {
      expect(problemsOf(file(`{ listen: ${wrong} }`)).join()).to.match(/^2:\d+: metrics\.listen: /);
    });
  }
});
