/**
 * What each vendor gets, word for word, for two ToRs: one with a session for each node, one that listens to a range.
 * After an intended change: `GOLDEN=write npx mocha dist/src/tor-config/golden.test.js`, and read the difference.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { prefix } from '../model/address.js';
import { torOf } from './derive.js';
import { exampleNode } from './example-node.js';
import type { Tor } from './tor.js';
import { torConfig, VENDORS } from './vendors.js';

const GOLDEN = fileURLToPath(new URL('../../../src/tor-config/golden', import.meta.url));

const TORS: Record<string, Tor> = {
  sessions: torOf([exampleNode(1, { password: 'secret-1' }), exampleNode(2)]),
  range: torOf([exampleNode(1), exampleNode(2)], { listen: [prefix('192.0.2.0/24'), prefix('2001:db8:ffff::/48')] }),
};

describe('the configuration of a ToR', () => {
  for (const vendor of VENDORS) {
    for (const [kind, tor] of Object.entries(TORS)) {
      it(`of ${vendor} with ${kind} is what it was`, () => {
        const file = `${GOLDEN}/${vendor}-${kind}.txt`;
        const text = torConfig(vendor, tor);
        if (process.env.GOLDEN === 'write') {
          mkdirSync(GOLDEN, { recursive: true });
          writeFileSync(file, text);
        }
        expect(text).to.equal(readFileSync(file, 'utf8'));
      });
    }

    it(`of ${vendor} never has a password in it`, () => {
      expect(torConfig(vendor, TORS.sessions!)).to.include('CHANGE-ME').and.not.include('secret-1');
      expect(torConfig(vendor, TORS.range!)).to.not.include('CHANGE-ME');
    });

    it(`of ${vendor} sets TTL security, or says that it has to be set by hand`, () => {
      const words =
        /ttl-security hops 1|ttl security on;|ttl maximum-hops 1|TTL security for 1 hop\(s\): set it here by hand/;
      expect(torConfig(vendor, torOf([exampleNode(1, { ttlSecurity: 1 })], { peers: ['tor1'] }))).to.match(words);
      expect(torConfig(vendor, TORS.sessions!)).to.not.match(words);
    });

    it(`of ${vendor} sets BFD, or says that it has to be set by hand`, () => {
      const words = /bfd 3 200 100|multiplier 3; };|has BFD: tx 100 ms, rx 200 ms, multiplier 3; set it here by hand/;
      const bfd = { minTx: 100, minRx: 200, multiplier: 3 };
      expect(torConfig(vendor, torOf([exampleNode(1, { bfd })], { peers: ['tor1'] }))).to.match(words);
      expect(torConfig(vendor, TORS.sessions!)).to.not.match(words);
    });

    it(`of ${vendor} reflects routes, or refuses to`, () => {
      const [node] = [exampleNode(1)];
      const reflector = torOf([{ ...node!, speaker: { ...node!.speaker, asn: 65000 } }], { peers: ['tor1'] });
      if (vendor === 'frr' || vendor === 'bird') {
        expect(torConfig(vendor, reflector)).to.match(/route-reflector-client|rr client;/);
      } else expect(() => torConfig(vendor, reflector)).to.throw(`for ${vendor} there is eBGP only`);
    });

    it(`of ${vendor} has every session, AS and prefix in it`, () => {
      const text = torConfig(vendor, TORS.sessions!);
      for (const word of ['192.0.2.1', '192.0.2.3', '2001:db8:ffff:1::1', '65000', '65001', '10.20.0.0/16', '1000']) {
        expect(text).to.include(word);
      }
    });
  }
});
