/** A node tells each peer what is its own, and nothing that another peer has said. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, prefix } from '../../src/model/address.js';
import type { Speaker } from '../../src/model/peer.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

/** BIRD is two peers of different AS, each with a table of its own; the first has something to say. */
const BIRD = `
router id ${NEIGHBOUR.v4};
protocol device { }
protocol static { ipv4; route 10.99.0.0/24 blackhole; }
ipv4 table table2;
protocol bgp peer1 {
  local ${NEIGHBOUR.v4} as 65000; neighbor ${NODE.v4} as 65001; connect delay time 1;
  ipv4 { import all; export where source = RTS_STATIC; };
}
protocol bgp peer2 {
  router id 198.51.100.3; local ${NEIGHBOUR.v6} as 65003; neighbor ${NODE.v6} as 65001; connect delay time 1;
  ipv4 { table table2; import all; export none; extended next hop on; };
}
`;
const OWN = ['10.20.1.1/32', '10.20.1.2/32'].map(prefix);

await onEachRelease((binary) => {
  it('a peer hears the containers of a node, and nothing that another peer has said', async () => {
    await using lab = await createLab('transit');
    const control = `${lab.directory}/bird.ctl`;
    await writeFile(`${lab.directory}/bird.conf`, BIRD);
    lab.start('b', 'bird', '-f', '-c', `${lab.directory}/bird.conf`, '-s', control);
    const daemon = daemonIn(lab, 'a', binary);
    daemon.start();
    const one = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
    const first = one.peers.map((peer) => ({ ...peer, families: [4 as const] }));
    const second = first.map((peer) => ({ ...peer, name: 'second', address: address(NEIGHBOUR.v6), asn: 65003 }));
    const speaker: Speaker = { ...one, peers: [...first, ...second] };
    const [early, late] = OWN.map((own) => ({ prefix: own, targets: [] }));
    await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, [early!]));
    await listener.established(2);
    await until('the first peer is heard', () => listener.paths.has('10.99.0.0/24'));
    const heard = async () => {
      const shown = await lab.run('b', 'birdc', '-s', control, 'show', 'route', 'table', 'table2');
      return [...shown.matchAll(/^[\d.]+\/\d+/gm)].map(([found]) => found);
    };
    // A container that comes last is the control: what was to be said before has been said.
    await listener.bgp.announce([late!]);
    await until('the second peer hears the last one', async () => (await heard()).some((one) => one === late!.prefix));
    expect(await heard()).to.have.members(OWN);
  });
});
