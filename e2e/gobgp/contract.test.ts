import { type BgpWorld, bgpContract, contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { Gobgp } from '../../src/gobgp/gobgp.js';
import { address } from '../../src/model/address.js';
import type { Announcement } from '../../src/model/announcement.js';
import type { Speaker } from '../../src/model/peer.js';
import type { BgpEvent } from '../../src/ports.js';
import { until } from '../../src/until.fixture.js';
import { daemonIn } from './daemon.js';
import { createLab, NEIGHBOUR, NODE } from './lab.js';
import { onEachRelease } from './newer.js';

await onEachRelease((binary) => bgpContract('it', () => createWorld(binary)));

async function createWorld(binary: string): Promise<BgpWorld> {
  const lab = await createLab('contract');
  const [daemon, theirs] = [daemonIn(lab, 'a', binary), daemonIn(lab, 'b', binary)];
  const neighbour = await speakThere(theirs);
  const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
  return {
    bgp: new Gobgp({ api: daemon.api }),
    speaker,
    start: async () => daemon.start(),
    kill: () => daemon.signal('SIGKILL'),
    say: (one) => succeed(neighbour.bgp.announce([one])),
    unsay: (one) => succeed(neighbour.bgp.withdraw([one])),
    heardThere: async () => [...neighbour.heard.values()],
    async end() {
      neighbour.end();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** The neighbour: another gobgpd, through the same port, that lets us come to it. */
async function speakThere({ api, start }: { api: string; start(): void }) {
  const own: Partial<Speaker> = { asn: 65000, nextHop6: address(NEIGHBOUR.v6) };
  const base = contractSpeaker(NEIGHBOUR.v4, NODE.v4, own);
  const speaker = { ...base, peers: base.peers.map((peer) => ({ ...peer, asn: 65001 })) };
  const bgp = new Gobgp({ api });
  const heard = new Map<string, Announcement>();
  const ended = new AbortController();
  let connected = false;
  const hear = (event: BgpEvent) => {
    if (event.kind === 'connected') connected = true;
    if (event.kind === 'all-paths') heard.clear();
    if (event.kind === 'all-paths') for (const path of event.paths) heard.set(path.prefix, path);
    if (event.kind === 'paths') for (const path of event.heard) heard.set(path.prefix, path);
    if (event.kind === 'paths') for (const path of event.gone) heard.delete(path.prefix);
  };
  start();
  void bgp.run(() => speaker, hear, ended.signal);
  await until('the neighbour speaks BGP', () => connected);
  await bgp.admitPeers(speaker, false);
  return { bgp, heard, end: () => ended.abort() };
}

async function succeed(work: Promise<ReadonlyMap<unknown, Error>>): Promise<void> {
  for (const error of (await work).values()) throw error;
}
