import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { routeTarget } from '../model/route-target.js';
import { FakeGobgp } from './fake-gobgp.js';
import { type BgpWorld, bgpContract, contractSpeaker } from './gobgp.contract.js';

const PEER = address('192.0.2.2');
const speaker = contractSpeaker('192.0.2.1', PEER);

bgpContract('the fake gobgpd', async (): Promise<BgpWorld> => {
  const bgp = new FakeGobgp();
  const path = ({ prefix: of, targets }: Announcement) => ({
    prefix: of,
    targets,
    nextHop: address(of.includes(':') ? '2001:db8::2' : PEER),
    asPath: [65000],
  });
  return {
    bgp,
    speaker,
    start: async () => bgp.start(),
    kill: async () => bgp.kill(),
    say: async (one) => bgp.say(PEER, [path(one)]),
    unsay: async (one) => bgp.unsay(PEER, [one.prefix]),
    heardThere: async () => bgp.announced(),
    end: async () => bgp.kill(),
  };
});

describe('the fake gobgpd', () => {
  it('prints itself as commands of the gobgp CLI', async () => {
    const fake = await running();
    await fake.announce([{ prefix: prefix('10.20.1.10/32'), targets: [routeTarget('64512:100')] }]);
    await fake.withdraw([{ prefix: prefix('10.20.1.10/32'), targets: [] }]);
    await fake.admitPeers(speaker, true);
    expect(fake.commands).to.deep.equal([
      'gobgp global rib add 10.20.1.10/32 -a ipv4 rt 64512:100',
      'gobgp global rib del 10.20.1.10/32 -a ipv4',
      'gobgp neighbor add 192.0.2.2 as 65000 # restarting',
    ]);
  });

  it('can be broken while the connection stands, and then nothing it was asked has happened', async () => {
    const fake = await running();
    fake.broken = 'out of luck';
    const wanted = { prefix: prefix('10.20.1.10/32'), targets: [] };
    expect((await fake.announce([wanted])).get(wanted)?.message).to.equal('out of luck');
    expect(fake.announced()).to.deep.equal([]);
  });

  it('lets a peer keep its End-of-RIB to itself', async () => {
    const fake = await running();
    fake.setFinished(PEER, false);
    await fake.admitPeers(speaker, false);
    expect((await fake.peers())[0]).to.deep.include({ session: 'established', endOfRib: [] });
    fake.setFinished(PEER, true);
    expect((await fake.peers())[0]?.endOfRib).to.deep.equal([4, 6]);
  });
});

async function running(): Promise<FakeGobgp> {
  const fake = new FakeGobgp();
  void fake.run(
    () => speaker,
    () => {},
    new AbortController().signal,
  );
  fake.start();
  await Promise.resolve();
  return fake;
}
