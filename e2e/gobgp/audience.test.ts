/** Two peers that are told different things, by each gobgpd: a community says who hears a path, and nobody hears the community. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import type { Announcement } from '../../src/model/announcement.js';
import type { Announce } from '../../src/model/network.js';
import type { Speaker } from '../../src/model/peer.js';
import { routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

/** BIRD is two peers of different AS, each with a table of its own. */
const BIRD = `
router id ${NEIGHBOUR.v4};
protocol device { }
ipv4 table table2;
protocol bgp peer1 {
  local ${NEIGHBOUR.v4} as 65000; neighbor ${NODE.v4} as 65001; connect delay time 1;
  ipv4 { import all; export none; };
}
protocol bgp peer2 {
  router id 198.51.100.3; local ${NEIGHBOUR.v6} as 65003; neighbor ${NODE.v6} as 65001; connect delay time 1;
  ipv4 { table table2; import all; export none; extended next hop on; };
}
`;
const targets = [routeTarget('64512:100')];
const BLOCK: Announcement = { prefix: prefix('10.20.1.0/24'), targets };
const HOST: Announcement = { prefix: prefix('10.20.1.7/32'), targets };
const APART: Announcement = { prefix: prefix('10.20.1.9/32'), targets };

await onEachRelease((binary) => {
  it('each peer hears what it is told, other things after a change on the same session, and no community of ours', async () => {
    await using lab = await createLab('audience');
    const control = `${lab.directory}/bird.ctl`;
    await writeFile(`${lab.directory}/bird.conf`, BIRD);
    lab.start('b', 'bird', '-f', '-c', `${lab.directory}/bird.conf`, '-s', control);
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    const said = [{ ...BLOCK, audience: 'blocks-asked' as const }, { ...HOST, audience: 'hosts' as const }, APART];
    await using listener = new Listener(daemon.api, speaker({}), announceThenAdmit(speaker({}), said));
    await listener.established(2);
    const show = (table: string) => lab.run('b', 'birdc', '-s', control, 'show', 'route', 'table', table, 'all');
    const hears = async (table: string, ...wanted: Announcement[]) => {
      const expected = wanted
        .map((one) => one.prefix)
        .sort()
        .join(' ');
      const heard = async () => [...(await show(table)).matchAll(/^[\d.]+\/\d+/gm)].map(([found]) => found).sort();
      await until(`${table} to hear ${expected}`, async () => (await heard()).join(' ') === expected);
      expect(await show(table))
        .to.match(/rt, ?64512, ?100/)
        .and.not.match(/BGP.community/);
    };
    const losses = async () => (await listener.bgp.peers()).map((peer) => peer.losses);
    const before = await losses();

    await hears('master4', HOST, APART);
    await hears('table2', HOST, APART);
    for (const [one, two, first, second] of [
      [undefined, 'aggregate', [HOST, APART], [BLOCK, APART]],
      ['both', 'host', [BLOCK, HOST, APART], [HOST, APART]],
      ['aggregate', undefined, [BLOCK, APART], [HOST, APART]],
      ['host', 'both', [HOST, APART], [BLOCK, HOST, APART]],
      [undefined, undefined, [HOST, APART], [HOST, APART]],
    ] as const) {
      await listener.bgp.admitPeers(speaker({ one, two }), true);
      await hears('master4', ...first);
      await hears('table2', ...second);
    }
    expect(await listener.bgp.says(said.map((one) => one.prefix))).to.have.deep.members(said);
    expect(await losses()).to.deep.equal(before);
  });
});

function speaker({ one, two }: { readonly one?: Announce | undefined; readonly two?: Announce | undefined }): Speaker {
  const base = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
  const [peer] = base.peers;
  if (!peer) return base;
  const first = { ...peer, families: [4 as const], ...(one && { announce: one }) };
  const more = { name: 'second', address: address(NEIGHBOUR.v6), asn: 65003 };
  return { ...base, peers: [first, { ...peer, families: [4 as const], ...more, ...(two && { announce: two }) }] };
}
