import { expect } from 'chai';
import { address, prefix } from '../model/address.js';
import { FakeKernel } from './fake-kernel.js';
import { kernelContract } from './kernel.contract.js';

const UPLINK = [prefix('192.0.2.0/31'), prefix('2001:db8:ffff::/127')];

describe('the kernel in memory', () => {
  const until = async (what: string, holds: () => boolean) => {
    if (!holds()) throw new Error(`did not happen at once: ${what}`);
  };
  kernelContract(
    () => {
      const kernel = new FakeKernel();
      const linkUp = (name: string) => kernel.linkUp(name, name === 'uplink' ? UPLINK : []);
      for (const name of ['uplink', 's32one']) linkUp(name);
      const linkDown = (name: string) => kernel.linkDown(name);
      return {
        ...{ kernel, linkUp, linkDown, until },
        removeBehindBack: (route) => kernel.removeBehindBack(route),
        routeByOthers: (of, gateway) => kernel.routeByOthers(of, gateway),
      };
    },
    () => {},
  );

  it('fails in every call while it is broken', async () => {
    const kernel = new FakeKernel();
    kernel.broken = new Error('netlink socket gone');
    const networks = { byName: new Map(), host: { imports: new Set<never>() } };
    for (const call of [
      () => kernel.routes(),
      () => kernel.put([]),
      () => kernel.remove([]),
      () => kernel.separate(networks),
    ]) {
      const failure = await call().then(
        () => undefined,
        (error: Error) => error.message,
      );
      expect(failure).to.equal('netlink socket gone');
    }
  });

  it('prints itself as commands', async () => {
    const kernel = new FakeKernel();
    kernel.linkUp('uplink', UPLINK);
    await kernel.put([{ table: 1001, prefix: prefix('10.20.2.0/24'), nextHops: [{ gateway: address('192.0.2.0') }] }]);
    expect(kernel.asCommands()).to.deep.equal([
      'ip route replace 10.20.2.0/24 table 1001 proto 32 metric 3232 via 192.0.2.0 dev uplink',
    ]);
  });
});
