import { expect } from 'chai';
import { typesOf } from './api.js';
import { api4 } from './api-4.js';

const codec = api4();
const type = typesOf('gobgp-4', 'api');
const NLRI = { prefix: { prefix: '10.0.0.0', prefixLen: 8 } };

describe('the codec of the 4.x API', () => {
  it('reads both next hops of an IPv6 path, and its AS path through every segment', () => {
    const nlri = { prefix: { prefix: '2001:db8:99::', prefixLen: 64 } };
    const segments = [
      { type: 2, numbers: [65000, 65002] },
      { type: 1, numbers: [65009] },
    ];
    const nextHops = ['2001:db8::2', 'fe80::2'];
    const pattrs = [{ asPath: { segments } }, { mpReach: { family: { afi: 2, safi: 1 }, nextHops, nlris: [nlri] } }];
    const [path] = received({ nlri, pattrs, neighborIp: '2001:db8::2' });
    expect(path).to.deep.include({ nextHops, asPath: [65000, 65002, 65009], family: 6, neighbour: '2001:db8::2' });
  });

  it('passes by communities that are no route targets, and attributes that it does not know', () => {
    const communities = [
      { twoOctetAsSpecific: { isTransitive: true, subType: 3, asn: 1, localAdmin: 1 } }, // route origin
      { twoOctetAsSpecific: { isTransitive: false, subType: 2, asn: 1, localAdmin: 1 } },
      {},
    ];
    const [path] = received({ nlri: NLRI, pattrs: [{ extendedCommunities: { communities } }, {}] });
    expect(path).to.deep.include({ targets: [], nextHops: [] });
  });

  it('says why a path is unreadable, and reads the ones beside it', () => {
    const event = codec.watchEvent.decode(
      bytes('WatchEventResponse', { table: { paths: [{}, { nlri: {} }, { nlri: NLRI }] } }),
    );
    expect(event.kind === 'table' && event.paths.map((path) => 'unreadable' in path && path.unreadable)).to.deep.equal([
      'not plain unicast: no NLRI',
      'not plain unicast: another kind of NLRI',
      false,
    ]);
  });

  it('asks for the release with a peer that no release can take: one without an address, of no group', () => {
    const { peer } = type('AddPeerRequest').decode(codec.oldRelease?.question.encode(null) as Buffer) as never as {
      peer: { conf: { neighborAddress: string; peerGroup: string } };
    };
    expect(peer.conf.neighborAddress).to.equal('');
    expect(peer.conf.peerGroup).to.not.equal('');
  });
});

function received(path: object) {
  return codec.listPath.decode(bytes('ListPathResponse', { destination: { paths: [path] } }));
}

function bytes(name: string, message: object): Buffer {
  return Buffer.from(type(name).encode(message).finish());
}
