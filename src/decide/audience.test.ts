import { expect } from 'chai';
import { prefix } from '../model/address.js';
import type { Announce, Network, Networks } from '../model/network.js';
import type { Speaker } from '../model/peer.js';
import { routeTarget } from '../model/route-target.js';
import { aggregateAround, aggregatesOf } from './aggregates.js';
import { audienceOf, forAllPeers, meanwhile } from './audience.js';
import type { Known } from './routes.js';

const POOL = prefix('10.20.1.0/24');
const INSIDE = prefix('10.20.1.7/32');
const OUTSIDE = prefix('10.20.9.9/32');

function networks(announce: Announce = 'host'): Networks {
  const blue: Network = {
    ...{ name: 'blue', table: 1001, prefixes: [], allow: [], egress: 'isolated' },
    ...{ imports: new Set(), exports: [routeTarget('1:1')], pools: [POOL] },
    ...(announce !== 'host' && { announce }),
  };
  return { byName: new Map([['blue', blue]]), host: { imports: new Set() } };
}

/** Peers that are told this; undefined: what networks say. */
function speaker(...told: (Announce | undefined)[]): Speaker {
  const peers = told.map((announce, i) => ({ address: `192.0.2.${i}`, ...(announce && { announce }) }));
  return { peers } as unknown as Speaker;
}

/** What is known of a prefix, of an endpoint of blue unless it is the pool. */
function known(of: typeof POOL, all: Networks): Known {
  const aggregates = aggregatesOf(all);
  const endpoint = of === POOL ? undefined : ({ network: 'blue' } as Known['endpoint']);
  return { prefix: of, endpoint, paths: [], aggregate: aggregates.get(of), within: aggregateAround(aggregates, of) };
}

describe('who hears an announcement', () => {
  const audiences = (all: Networks) => [POOL, INSIDE, OUTSIDE].map((of) => audienceOf(known(of, all), all));

  it('is everybody, and nothing more is announced, as long as no peer says what it is told', () => {
    for (const announce of ['host', 'aggregate', 'both'] as const) {
      const all = networks(announce);
      expect(forAllPeers(all, speaker(undefined))).to.equal(all);
      expect(audiences(all)).to.eql([undefined, undefined, undefined]);
    }
  });

  it('is whoever is told hosts or blocks, where peers say so; what only they want is for them alone', () => {
    const of = (announce: Announce, ...told: Announce[]) => {
      const all = forAllPeers(networks(announce), speaker(undefined, ...told));
      return [all.byName.get('blue')?.announce, ...audiences(all)];
    };
    expect(of('host', 'aggregate')).to.eql(['both', 'blocks-asked', 'hosts', undefined]);
    expect(of('aggregate', 'host')).to.eql(['both', 'blocks', 'hosts-asked', undefined]);
    expect(of('both', 'host')).to.eql(['both', 'blocks', 'hosts', undefined]);
    expect(of('aggregate', 'aggregate')).to.eql(['aggregate', 'blocks', 'hosts-asked', undefined]);
  });

  it('is everybody for a host route that no block of its network is around', () => {
    const all = forAllPeers(networks('host'), speaker('aggregate'));
    const stranger = { ...known(INSIDE, all), endpoint: { network: 'red' } as NonNullable<Known['endpoint']> };
    expect(audienceOf(stranger, all)).to.equal(undefined);
  });
});

describe('one configuration that replaces another', () => {
  const between = (before: Announce, after: Announce) => {
    const said = { networks: networks(after), speaker: speaker() };
    const mixed = meanwhile({ networks: networks(before), speaker: speaker() }, said);
    return mixed.networks === said.networks ? 'as it is' : mixed.networks.byName.get('blue')?.announce;
  };
  const told = (before: Announce | undefined, after: Announce | undefined) => {
    const said = { networks: networks(), speaker: speaker(after) };
    const mixed = meanwhile({ networks: networks(), speaker: speaker(before) }, said);
    return mixed.speaker === said.speaker ? 'as it is' : mixed.speaker.peers[0]?.announce;
  };

  it('has host routes and blocks said both, for a network or for a peer, and nothing waits where nothing changes', () => {
    for (const of of [between, told]) {
      expect([of('host', 'aggregate'), of('aggregate', 'host'), of('both', 'host')]).to.eql(['both', 'both', 'both']);
      for (const announce of ['host', 'aggregate', 'both'] as const) {
        expect(of(announce, 'both')).to.equal('as it is');
        expect(of(announce, announce)).to.equal('as it is');
      }
    }
    expect([told(undefined, 'aggregate'), told('aggregate', undefined)]).to.eql(['both', 'both']);
  });

  it('says a network or a peer that is new as it is', () => {
    const none = { networks: { ...networks(), byName: new Map() }, speaker: speaker() };
    const after = { networks: networks('aggregate'), speaker: speaker('aggregate') };
    expect(meanwhile(none, after)).to.eql(after);
  });
});
