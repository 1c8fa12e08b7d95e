import { expect } from 'chai';
import type { StatusView } from '../admin/server.js';
import { address } from '../model/address.js';
import { isDegraded, statusText } from './status.js';

const tor = address('192.0.2.0');
const peer = { name: 'tor1', address: tor, asn: 65000, session: 'established' as const, endOfRib: [] };
const martian = { peer: tor, reason: 'martian' as const, now: 2, total: 7, example: '127.0.0.0/8 is reserved' };
const healthy: StatusView = {
  node: 'node1',
  asn: 65001,
  routerId: '192.0.2.1',
  gobgp: 'up',
  peers: [peer],
  ranges: [],
  duty: 'on',
  networks: ['blue'],
  endpoints: 1,
  announced: 1,
  refused: [],
  quotas: [{ of: 'network blue', maxRoutes: 5, routes: 2, refused: 0 }],
  duplicates: [],
  troubles: [],
  shortcut: { is: 'unwanted' },
};

describe('the status of a node', () => {
  it('names what the guards refuse now, and is not degraded by it: that is what they are for', () => {
    const status = { ...healthy, refused: [martian, { ...martian, reason: 'length' as const, now: 0 }] };
    expect(statusText(status)).to.include('  refused    2 martian from 192.0.2.0: 127.0.0.0/8 is reserved');
    expect(statusText(status)).not.to.include('length');
    expect(isDegraded(status)).to.equal(false);
  });

  it('shows how full every quota is, and is degraded by one that refuses something', () => {
    expect(statusText(healthy)).to.include('  quota      network blue 2/5 routes');
    const full = { of: 'network blue', maxRoutes: 2, routes: 2, refused: 1, says: 'over quota: blue' };
    expect(statusText({ ...healthy, quotas: [full] })).to.match(
      /quota +network blue 2\/2 routes\n[\s\S]* over quota: blue$/,
    );
    expect([isDegraded(healthy), isDegraded({ ...healthy, quotas: [full] })]).to.eql([false, true]);
  });

  it('has below each peer that is down why it is, and is degraded by what gobgpd has not taken', () => {
    const down = { name: 'tor2', asn: 65000, session: 'unknown' as const, endOfRib: [], reason: 'nobody on eth1' };
    expect(statusText({ ...healthy, peers: [peer, down] })).to.match(
      /tor2 not found AS 65000 unknown\n +nobody on eth1\n/,
    );
    const status = { ...healthy, troubles: ['configured is asn 1'] };
    expect([statusText(status).includes('configured is asn 1'), isDegraded(status)]).to.eql([true, true]);
  });

  it('has with each peer whether its heartbeat comes, where it has one', () => {
    expect(statusText({ ...healthy, peers: [{ ...peer, isBfdUp: true }] })).to.include('AS 65000 established, BFD up');
    expect(statusText({ ...healthy, peers: [{ ...peer, isBfdUp: false }] })).to.include('established, BFD down');
    expect(statusText(healthy)).not.to.include('BFD');
  });

  it('says that metrics are not served and why, and is degraded by it', () => {
    const status = { ...healthy, unserved: 'metrics are not served on 127.0.0.1:9432: somebody else has this port' };
    expect(statusText(status)).to.match(/\n {2}metrics are not served on 127\.0\.0\.1:9432: somebody else/);
    expect(isDegraded(status)).to.equal(true);
  });

  it('says that the shortcut is on, or why it is off, unless somebody has switched it off; it is not degraded by that', () => {
    const on: StatusView = { ...healthy, shortcut: { is: 'on', packets: 7, endpoints: 2 } };
    const off: StatusView = { ...healthy, shortcut: { is: 'off', reason: 'an ip rule', packets: 7, endpoints: 2 } };
    expect([healthy, on, off].map((status) => /shortcut.*/.exec(statusText(status))?.[0])).to.eql([
      undefined,
      'shortcut   on  7 packets, 2 endpoints talk much',
      'shortcut   off: an ip rule',
    ]);
    expect(isDegraded(off)).to.equal(false);
  });

  it('says why gobgpd is away', () => {
    const status: StatusView = { ...healthy, gobgp: 'away', reason: 'connection refused' };
    expect(statusText(status)).to.include('  gobgp      away  connection refused');
    expect(isDegraded(status)).to.equal(true);
  });
});
