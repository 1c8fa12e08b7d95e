import { expect } from 'chai';
import { prefix } from '../model/address.js';
import { typesOf } from './api.js';
import { api3 } from './api-3.js';
import { api4 } from './api-4.js';
import type { WirePath, WirePeer } from './codec.js';

const GENERATIONS = [
  {
    codec: api3(),
    type: typesOf('gobgp-3', 'apipb'),
    nobody: '<nil>',
    globalTable: 0,
    filters: [1, 2],
    exactLookup: 0,
  },
  { codec: api4(), type: typesOf('gobgp-4', 'api'), nobody: '', globalTable: 1, filters: [2, 3], exactLookup: 1 },
];
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
  rank: { external: false, origin: 0, localPref: 0, communities: [0xffff0000, 0xffff0001] },
  neighbour: '',
  withdrawn: false,
};
type Added = { readonly conf: object };
const NO_SESSION = {
  session: 0,
  overLimit: false,
  since: 0,
  losses: 0,
  heard: 0,
  updates: 0,
  group: '',
};
const PEER: WirePeer = {
  address: '192.0.2.2',
  asn: 65000,
  description: 'tor1',
  password: 'secret',
  passive: true,
  multihop: 3,
  ttlSecurity: 1,
  localAddress: '192.0.2.1',
  maxPrefixes: 1000,
  families: [4, 6],
  hold: 9,
  keepalive: 3,
  connectRetry: 5,
  restartTime: 60,
  deferral: 1,
  localRestarting: true,
  longLivedRestart: 3600,
  reflectedAs: '192.0.2.9',
};

for (const { codec, type, nobody, globalTable, filters, exactLookup } of GENERATIONS) {
  describe(`the codec of ${codec.name}`, () => {
    it('reads back every field of a path that it writes', () => {
      expect(
        relay('ListPathResponse', { destination: { paths: [asSent(PATH)] } }, codec.listPath.decode),
      ).to.deep.equal([PATH]);
    });

    it('reads back every field of a peer that it writes', () => {
      const bfd = codec.hasBfd ? { bfd: { minTx: 100, minRx: 200, multiplier: 3 } } : {};
      const { peer } = decoded('AddPeerRequest', codec.addPeer.encode({ ...PEER, ...bfd })) as { peer: object };
      const { session, tables, overLimit, since, losses, heard, updates, group, isBfdUp, ...config } = relay(
        'ListPeerResponse',
        { peer },
        codec.listPeer.decode,
      );
      expect(config).to.deep.equal({ ...PEER, ...bfd });
      expect(isBfdUp).to.equal(codec.hasBfd ? false : undefined);
      expect({ session, overLimit, since, losses, heard, updates, group }).to.deep.equal(NO_SESSION);
      expect(tables.map((table) => table.family)).to.deep.equal([4, 6]);
    });

    it('lets a session come again soon after a reset, as BFD ends it', () => {
      const { peer } = decoded('AddPeerRequest', codec.addPeer.encode(PEER)) as {
        peer: { timers: { config: { idleHoldTimeAfterReset: unknown } } };
      };
      expect(String(peer.timers.config.idleHoldTimeAfterReset)).to.equal('5');
    });

    it('gives a group the settings that it gives a peer, and a range the name of its group', () => {
      const range = { prefix: '192.0.2.0/24', group: 'slash32-1', peer: PEER };
      const { peerGroup } = decoded('AddPeerGroupRequest', codec.addPeerGroup.encode(range)) as { peerGroup: Added };
      const { peer } = decoded('AddPeerRequest', codec.addPeer.encode(PEER)) as { peer: Added };
      const plain = (message: object) => JSON.parse(JSON.stringify(message));
      expect(plain(peerGroup)).to.deep.equal({
        ...plain(peer),
        conf: { peerGroupName: 'slash32-1', peerAsn: 65000, authPassword: 'secret', description: 'tor1' },
      });
      const { dynamicNeighbor } = decoded('AddDynamicNeighborRequest', codec.addDynamicNeighbor.encode(range)) as {
        dynamicNeighbor: object;
      };
      expect(relay('ListDynamicNeighborResponse', { dynamicNeighbor }, codec.listDynamicNeighbor.decode)).to.deep.equal(
        { prefix: '192.0.2.0/24', group: 'slash32-1' },
      );
    });

    it('reads where a peer is that came by a range', () => {
      const peer = {
        conf: { peerGroup: 'slash32-1', neighborAddress: 'invalid IP' },
        state: { neighborAddress: '192.0.2.7', sessionState: 6 },
      };
      const read = relay('ListPeerResponse', { peer }, codec.listPeer.decode);
      expect(read).to.include({ address: '192.0.2.7', group: 'slash32-1', session: 6 });
    });

    it('never asks peers to keep our routes for longer than the hold time when we die without a word', () => {
      const { peer } = decoded('AddPeerRequest', codec.addPeer.encode(PEER)) as { peer: { gracefulRestart: object } };
      expect(peer.gracefulRestart).to.deep.include({ notificationEnabled: false, deferralTime: 1, enabled: true });
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

    it('tells a change of a session from the list of peers that begins a watch, and from its end', () => {
      const kinds = [1, 2, 3].map(
        (type) => relay('WatchEventResponse', { peer: { type } }, codec.watchEvent.decode).kind,
      );
      expect(kinds).to.deep.equal(['other', 'ready', 'peer']);
    });

    it('reads whose session has been ended because of too many paths', () => {
      const states = [1, 2, 3].map((adminState) => {
        const peer = { type: 3, peer: { state: { neighborAddress: '192.0.2.7', adminState } } };
        return relay('WatchEventResponse', { peer }, codec.watchEvent.decode);
      });
      const excess = { kind: 'peer', overLimit: '192.0.2.7' };
      expect(states.filter((event) => 'overLimit' in event)).to.deep.equal([excess]);
      expect(states.indexOf(states.find((event) => 'overLimit' in event)!)).to.equal(globalTable + 1);
    });

    it('asks for the global table, all paths of peers and exact prefixes by the numbers of its generation', () => {
      for (const [name, bytes] of [
        ['AddPathRequest', codec.addPath.encode(PATH)],
        ['AddPathStreamRequest', codec.addPathStream.encode([PATH])],
        ['ListPathRequest', codec.listPath.encode(4)],
      ] as const) {
        expect(decoded(name, bytes), name).to.deep.include({ tableType: globalTable });
      }
      const find = decoded('ListPathRequest', codec.findPath.encode([prefix('2001:db8::a/128')]));
      expect(find).to.have.nested.property('family.afi', 2);
      expect(find).to.have.nested.property('prefixes[0].type', exactLookup);
      expect(find).to.have.nested.property('prefixes[0].prefix', '2001:db8::a/128');
      const watches = (['updates', 'outcomes'] as const).map(
        (subject) =>
          decoded('WatchEventRequest', codec.watchEvent.encode(subject)) as {
            table: { filters: { type: number; init: boolean }[] };
          },
      );
      expect(watches.map(({ table }) => table.filters.map(({ type, init }) => [type, init]))).to.deep.equal(
        filters.map((filter) => [[filter, false]]),
      );
    });

    function decoded(name: string, bytes: Uint8Array): object {
      return type(name).decode(bytes);
    }

    /** The path message inside an AddPathRequest, as gobgpd would give it back for a path of nobody. */
    function asSent(path: WirePath): object {
      const { path: sent } = decoded('AddPathRequest', codec.addPath.encode(path)) as { path: object };
      return Object.assign(sent, { neighborIp: nobody });
    }

    function relay<T>(name: string, message: object, decode: (bytes: Buffer) => T): T {
      return decode(Buffer.from(type(name).encode(message).finish()));
    }
  });
}
