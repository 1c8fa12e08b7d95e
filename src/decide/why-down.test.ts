import { expect } from 'chai';
import { address } from '../model/address.js';
import { EXAMPLE_PEER, EXAMPLE_SPEAKER } from '../model/example-peer.js';
import type { Greeting, Peer } from '../model/peer.js';
import { whyDown } from './why-down.js';

const [PEER, SPEAKER] = [EXAMPLE_PEER, EXAMPLE_SPEAKER];

function open(over: Partial<Extract<Greeting, { kind: 'open' }>> = {}): Greeting {
  return { kind: 'open', asn: 65000, routerId: '192.0.2.0', reply: 'taken', ...over };
}

const CASES: Record<string, [Partial<Peer>, Greeting, RegExp]> = {
  'nothing listens': [{}, { kind: 'refused' }, /refuses TCP on port 179.*start BGP/],
  'there is no way to it': [
    {},
    { kind: 'unreachable', code: 'EHOSTUNREACH' },
    /EHOSTUNREACH.*ip route get 192\.0\.2\.0/,
  ],
  'it is silent': [{}, { kind: 'silent' }, /down, or a firewall.*passwordFile/],
  'it is silent to a password': [{ password: 'x' }, { kind: 'silent' }, /compare the password on both sides/],
  'it does not know us': [{}, { kind: 'closed' }, /configured there as a neighbour/],
  'it does not know the address that was chosen': [
    { localAddress: address('192.0.2.9') },
    { kind: 'closed' },
    /192\.0\.2\.9/,
  ],
  'it is another AS': [{}, open({ asn: 65009 }), /says that it is AS 65009.*set asn of the peer to 65009/],
  'it has our router id': [{}, open({ routerId: '192.0.2.1' }), /has our router id 192\.0\.2\.1.*node\.routerId/],
  'it expects another AS of us': [{}, open({ reply: { code: 2, subcode: 2 } }), /remote-as to 65001/],
  'it sees our router id twice': [{}, open({ reply: { code: 2, subcode: 3 } }), /refuses our router id 192\.0\.2\.1/],
  'it is shut down': [{}, open({ reply: { code: 6, subcode: 2 } }), /6\/2 \(Cease\): it is shut down there/],
  'it looks at the TTL and we do not': [{}, open({ reply: 'silent' }), /set ttlSecurity of the peer/],
  'we look at the TTL and it does not': [{ ttlSecurity: 1 }, open(), /do not pass our TTL security/],
  'it has no password': [{ password: 'x' }, open(), /without a password, and one is configured here/],
  'it waits for us and we wait for it': [{ passive: true }, { kind: 'refused' }, /waits for the peer to connect/],
};

describe('why a peer has no session is said with the remedy when', () => {
  for (const [title, [peer, greeting, words]] of Object.entries(CASES)) {
    it(title, () => {
      expect(whyDown({ ...PEER, ...peer }, SPEAKER, greeting)).to.match(words);
    });
  }
});
