import { expect } from 'chai';
import { typesOf } from './api.js';
import { api3 } from './api-3.js';

const codec = api3();
const type = typesOf('gobgp-3', 'apipb');

describe('the codec of the 3.x API', () => {
  it('reads both next hops of an IPv6 path, and its AS path through every segment', () => {
    const nlri = any('IPAddressPrefix', { prefix: '2001:db8:99::', prefixLen: 64 });
    const pattrs = [
      any('AsPathAttribute', {
        segments: [
          { type: 2, numbers: [65000, 65002] },
          { type: 1, numbers: [65009] },
        ],
      }),
      any('MpReachNLRIAttribute', { family: { afi: 2, safi: 1 }, nextHops: ['2001:db8::2', 'fe80::2'], nlris: [nlri] }),
    ];
    const [path] = received({ nlri, pattrs, neighborIp: '2001:db8::2' });
    expect(path).to.deep.include({ nextHops: ['2001:db8::2', 'fe80::2'], asPath: [65000, 65002, 65009], family: 6 });
  });

  it('passes by communities that are no route targets', () => {
    const nlri = any('IPAddressPrefix', { prefix: '10.0.0.0', prefixLen: 8 });
    const communities = [
      any('TwoOctetAsSpecificExtended', { isTransitive: true, subType: 3, asn: 1, localAdmin: 1 }), // route origin
      any('TwoOctetAsSpecificExtended', { isTransitive: false, subType: 2, asn: 1, localAdmin: 1 }),
      any('ColorExtended', {}, 'ExtendedCommunitiesAttribute'),
    ];
    const [path] = received({ nlri, pattrs: [any('ExtendedCommunitiesAttribute', { communities })] });
    expect(path).to.deep.include({ targets: [] });
  });

  it('says why a path is unreadable, and reads the ones beside it', () => {
    const good = { nlri: any('IPAddressPrefix', { prefix: '10.0.0.0', prefixLen: 8 }) };
    const garbled = {
      ...good,
      nlri: { type_url: 'type.googleapis.com/apipb.IPAddressPrefix', value: Buffer.from([0xff]) },
    };
    const vpn = { ...good, nlri: any('LabeledVPNIPAddressPrefix', {}, 'IPAddressPrefix') };
    const watched = type('WatchEventResponse').encode({ table: { paths: [garbled, vpn, good] } });
    const event = codec.watchEvent.decode(Buffer.from(watched.finish()));
    expect(event.kind === 'table' && event.paths.map((path) => 'unreadable' in path)).to.deep.equal([
      true,
      true,
      false,
    ]);
  });
});

function any(name: string, value: object, encodedAs = name) {
  return { type_url: `type.googleapis.com/apipb.${name}`, value: type(encodedAs).encode(value).finish() };
}

function received(path: object) {
  const message = type('ListPathResponse').encode({ destination: { paths: [path] } });
  return codec.listPath.decode(Buffer.from(message.finish()));
}
