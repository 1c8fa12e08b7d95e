import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network } from '../model/network.js';
import type { Path } from '../model/path.js';
import { routeTarget } from '../model/route-target.js';
import { IMPORT_SENTENCES, type ImportVerdict, importVerdict, type Standing } from './import-verdict.js';

const rt = (text: string) => routeTarget(text);
const blue: Network = {
  name: 'blue',
  table: 1001,
  imports: new Set([rt('64512:100')]),
  exports: [rt('64512:100')],
  pools: [],
  prefixes: [prefix('10.20.0.0/16'), prefix('2001:db8:20::/48')],
  allow: [prefix('192.0.2.0/24'), prefix('::/0')],
  egress: 'isolated',
};
const path = (of: string, ...targets: string[]): Path => ({
  prefix: prefix(of),
  nextHop: address('192.0.2.0'),
  targets: targets.map(rt),
  peer: address('192.0.2.0'),
  asPath: [65000],
});
const verdictOf = (heard: Path, network: Network = blue, standing: Standing = {}) =>
  importVerdict(network, heard, standing);

describe('the import verdict', () => {
  it('imports a path that carries one of the import targets', () => {
    expect(verdictOf(path('10.20.2.10/32', '64512:7', '64512:100'))).to.equal('imported');
  });

  it('imports nothing by default', () => {
    expect(verdictOf(path('10.20.2.10/32', '64512:100'), { ...blue, imports: new Set() })).to.equal('no-common-target');
  });

  it('refuses a path without targets, and one whose targets are all foreign', () => {
    expect(verdictOf(path('10.20.2.10/32'))).to.equal('carries-no-target');
    expect(verdictOf(path('10.20.2.10/32', '64512:200'))).to.equal('no-common-target');
  });

  it('never lets a path replace an endpoint of this node', () => {
    const heard = path('10.20.2.10/32', '64512:100');
    expect(verdictOf(heard, blue, { endpoint: {} as Endpoint, refusal: 'denied' })).to.equal('local-endpoint');
  });

  it('takes nothing outside the prefixes of the network unless allow names exactly that', () => {
    expect(verdictOf(path('10.21.0.1/32', '64512:100'))).to.equal('outside-prefixes');
    expect(verdictOf(path('192.0.2.0/24', '64512:100'))).to.equal('imported');
    expect(verdictOf(path('192.0.2.0/25', '64512:100'))).to.equal('outside-prefixes');
  });

  it('takes a default route only where allow names it', () => {
    expect(verdictOf(path('::/0', '64512:100'))).to.equal('imported');
    expect(verdictOf(path('0.0.0.0/0', '64512:100'))).to.equal('default-not-allowed');
    expect(verdictOf(path('0.0.0.0/0', '64512:100'), { ...blue, prefixes: [] })).to.equal('default-not-allowed');
  });

  it('takes nothing that the guards refuse, whatever it carries and the network allows', () => {
    const open = { ...blue, prefixes: [], allow: [prefix('127.0.0.1/32')] };
    expect(verdictOf(path('127.0.0.1/32', '64512:100'), open, { refusal: 'martian' })).to.equal('martian');
  });

  it('has a sentence for each verdict that names the prefix or the network', () => {
    for (const verdict of Object.keys(IMPORT_SENTENCES) as ImportVerdict[]) {
      expect(IMPORT_SENTENCES[verdict]('blue', path('10.20.2.10/32', '64512:100'))).to.match(
        /blue|10\.20\.2\.10|192\.0\.2\.0/,
      );
    }
  });
});
