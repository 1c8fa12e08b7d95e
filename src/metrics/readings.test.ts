import { expect } from 'chai';
import { address } from '../model/address.js';
import { ENDPOINTS } from './endpoints.js';
import { exampleSnapshot } from './example-snapshot.js';
import { NODE } from './node.js';
import type { Reading } from './reading.js';
import { ROUTES } from './routes.js';
import { SESSIONS } from './sessions.js';
import type { Snapshot } from './snapshot.js';

/** What a metric says, as `a=x b=y: number`. */
function read(readings: readonly Reading[], name: string, changes: Partial<Snapshot> = {}): string[] {
  const reading = readings.find((one) => one.name === name);
  if (!reading) throw new Error(`there is no ${name}`);
  return [...reading.read(exampleSnapshot(changes))].map(([labels, value]) => {
    const words = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
    return `${words.join(' ')}: ${value}`.replace(/^: /, '');
  });
}

describe('what is read of endpoints', () => {
  const said = (name: string) => read(ENDPOINTS, `slash32_${name}`);

  it('has a number for each network, none of them missing because it is 0', () => {
    expect(said('endpoints')).to.eql(['network=blue: 2', 'network=red: 0']);
  });

  it('splits a pool into what is free, used and resting, and loses no address', () => {
    const [free, used, resting] = said('pool_addresses').map((line) => Number(line.split(': ')[1]));
    expect([free, used, resting]).to.eql([251, 2, 1]);
  });

  it('tells what should be from what is, so that an alert can compare', () => {
    expect([said('announcements_wanted'), said('announcements_accepted')]).to.eql([['4'], ['3']]);
    expect([said('prefixes_pending'), said('prefixes_failed')]).to.eql([['1'], ['2']]);
    expect(said('duplicate_addresses')).to.eql(['1']);
  });
});

describe('what is read of sessions', () => {
  const said = (name: string, changes?: Partial<Snapshot>) => read(SESSIONS, `slash32_${name}`, changes);

  it('has each configured peer, also one that was never found', () => {
    expect(said('bgp_session_up')).to.eql(['peer=tor1: 1', 'peer=tor2: 0']);
    expect(said('bgp_peer_info')).to.eql([
      'peer=tor1 address=192.0.2.0 asn=65000: 1',
      'peer=tor2 address= asn=65000: 1',
    ]);
  });

  it('says nothing of what gobgpd has not told, instead of 0', () => {
    expect(said('bgp_session_losses_total')).to.eql(['peer=tor1: 3']);
    expect(said('bgp_session_established_timestamp_seconds')).to.eql(['peer=tor1: 1790000000']);
  });

  it('counts flaps a peer, and sessions a listen range', () => {
    expect(said('bgp_session_flaps')).to.eql(['peer=tor1: 1', 'peer=tor2: 0']);
    expect(said('bgp_range_sessions')).to.eql(['range=leaves: 2']);
  });

  it('says that gobgpd is away, and how much of the configuration it has not taken', () => {
    const gobgp = { up: false, troubles: 2 };
    expect([said('gobgp_up'), said('gobgp_up', { gobgp })]).to.eql([['1'], ['0']]);
    expect(said('gobgp_troubles', { gobgp })).to.eql(['2']);
  });
});

describe('what is read of routes', () => {
  const said = (name: string, changes?: Partial<Snapshot>) => read(ROUTES, `slash32_${name}`, changes);

  it('counts paths by the name of the peer, and routes by the name of the network', () => {
    expect(said('bgp_paths')).to.eql(['peer=tor1 family=ipv4: 7', 'peer=tor1 family=ipv6: 0']);
    expect(said('routes')).to.eql(['network=blue origin=own: 2', 'network=blue origin=imported: 5']);
  });

  it('counts what the guards refuse by peer and reason: now, and since the start', () => {
    const peer = address('192.0.2.0');
    const refusals = [{ peer, reason: 'martian', now: 1, total: 5, example: 'not told' } as const];
    expect(said('paths_refused', { refusals })).to.eql(['peer=tor1 reason=martian: 1']);
    expect(said('path_refusals_total', { refusals })).to.eql(['peer=tor1 reason=martian: 5']);
  });

  it('shows each limit with how full it is and what it refuses', () => {
    const quotas = [{ of: 'peer tor1', maxRoutes: 10, routes: 10, refused: 3 }];
    const values = ['route_limit', 'route_limit_used', 'route_limit_refused'].map((name) => said(name, { quotas }));
    expect(values).to.eql([['kind=peer name=tor1: 10'], ['kind=peer name=tor1: 10'], ['kind=peer name=tor1: 3']]);
  });

  it('counts the networks that containers make for themselves under the one that they asked for', () => {
    const quotas = ['blue', 'blue~1', 'blue~2'].map((name, i) => {
      return { of: `network ${name}`, maxRoutes: 10, routes: i, refused: 1 };
    });
    expect(said('route_limit', { quotas })).to.eql(['kind=network name=blue: 10']);
    expect(said('route_limit_used', { quotas })).to.eql(['kind=network name=blue: 2']);
    expect(said('route_limit_refused', { quotas })).to.eql(['kind=network name=blue: 3']);
  });
});

describe('what is read of the node', () => {
  it('says what it does now, and what it does not', () => {
    expect(read(NODE, 'slash32_duty', { duty: 'leaving' })).to.eql(['duty=on: 0', 'duty=leaving: 1', 'duty=off: 0']);
  });

  it('names version and node, and counts repairs of the filters', () => {
    expect(read(NODE, 'slash32_build_info')).to.eql(['version=0.1.0 node=node1: 1']);
    expect(read(NODE, 'slash32_nft_repairs_total', { filterRepairs: 2 })).to.eql(['2']);
  });
});
