import { expect } from 'chai';
import { api3 } from './api-3.js';
import type { WirePath, WirePeer } from './codec.js';
import { loadProto } from './proto.js';

const codec = api3();
const PATH: WirePath = {
  family: 4,
  base: '10.20.1.10',
  length: 32,
  nextHops: ['0.0.0.0'],
  targets: [
    { form: 'as2', administrator: '64512', number: 4_000_000_000 },
    { form: 'as4', administrator: '65000', number: 7 },
    { form: 'as4', administrator: '4200000000', number: 7 },
    { form: 'ip4', administrator: '192.0.2.1', number: 9 },
  ],
  asPath: [],
  neighbour: '',
  withdrawn: false,
};
const PEER: WirePeer = {
  address: '192.0.2.2',
  asn: 65000,
  description: 'tor1',
  password: 'secret',
  passive: true,
  multihop: 3,
  families: [4, 6],
  hold: 9,
  keepalive: 3,
  connectRetry: 5,
  restartTime: 60,
  localRestarting: true,
};

describe('the codec of the 3.x API', () => {
  it('reads back every field of a path that it writes', () => {
    expect(relay('ListPathResponse', { destination: { paths: [asSent(PATH)] } }, codec.listPath.decode)).to.deep.equal([
      PATH,
    ]);
  });

  it('reads back every field of a peer that it writes', () => {
    const { peer } = decoded('AddPeerRequest', codec.addPeer.encode(PEER)) as { peer: object };
    const { session, tables, ...config } = relay('ListPeerResponse', { peer }, codec.listPeer.decode);
    expect(config).to.deep.equal(PEER);
    expect(session).to.equal(0);
    expect(tables.map((table) => table.family)).to.deep.equal([4, 6]);
  });

  it('never asks peers to keep our routes for longer than the hold time when we die without a word', () => {
    const { peer } = decoded('AddPeerRequest', codec.addPeer.encode(PEER)) as { peer: { gracefulRestart: object } };
    expect(peer.gracefulRestart).to.deep.include({ notificationEnabled: false, deferralTime: 15, enabled: true });
  });

  it('claims no restart towards a peer when graceful restart is off', () => {
    const { peer } = decoded('AddPeerRequest', codec.addPeer.encode({ ...PEER, restartTime: 0 })) as {
      peer: { gracefulRestart: object };
    };
    expect(peer.gracefulRestart).to.deep.include({ enabled: false, localRestarting: false });
  });

  it('writes a withdrawal without attributes, because only its NLRI counts', () => {
    expect(asSent({ ...PATH, withdrawn: true })).to.deep.include({ pattrs: [], isWithdraw: true });
  });

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
    const good = asSent(PATH);
    const garbled = {
      ...good,
      nlri: { type_url: 'type.googleapis.com/apipb.IPAddressPrefix', value: Buffer.from([0xff]) },
    };
    const vpn = { ...good, nlri: any('LabeledVPNIPAddressPrefix', {}, 'IPAddressPrefix') };
    const event = relay('WatchEventResponse', { table: { paths: [garbled, vpn, good] } }, codec.watchEvent.decode);
    expect(event.kind === 'table' && event.paths.map((path) => 'unreadable' in path)).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it('tells a change of a session from the list of peers that begins a watch', () => {
    const kinds = [1, 2, 3].map(
      (type) => relay('WatchEventResponse', { peer: { type } }, codec.watchEvent.decode).kind,
    );
    expect(kinds).to.deep.equal(['other', 'other', 'peer']);
  });
});

const type = (name: string) => loadProto('gobgp-3').lookupType(`apipb.${name}`);

function any(name: string, value: object, encodedAs = name) {
  return { type_url: `type.googleapis.com/apipb.${name}`, value: type(encodedAs).encode(value).finish() };
}

function decoded(name: string, bytes: Uint8Array): object {
  return type(name).decode(bytes);
}

/** The path message inside an AddPathRequest, as gobgpd would give it back for a path of nobody. */
function asSent(path: WirePath): object {
  const { path: sent } = decoded('AddPathRequest', codec.addPath.encode(path)) as { path: object };
  return Object.assign(sent, { neighborIp: '<nil>' });
}

function relay<T>(name: string, message: object, decode: (bytes: Buffer) => T): T {
  return decode(Buffer.from(type(name).encode(message).finish()));
}

function received(path: object) {
  return relay('ListPathResponse', { destination: { paths: [path] } }, codec.listPath.decode);
}
