import { expect } from 'chai';
import type { Bystanders, Chain } from '../model/shortcut.js';
import { inTheWay } from './shortcut.js';

const NOBODY: Bystanders = { chains: [], legacy: [], rules: [], ipsec: false, ipvs: false, links: [] };
const chain: Chain = { family: 'ip', table: 'filter', name: 'FORWARD', hook: 2, isOurs: false, isNat: false };
const ours: Chain = { ...chain, family: 'inet', table: 'slash32', name: 'forward', isOurs: true };
const among = (...chains: Chain[]) => inTheWay({ ...NOBODY, chains: [ours, ...chains] });

describe('the shortcut', () => {
  it('is allowed where there is nobody but us', () => {
    expect(inTheWay(NOBODY)).to.equal(undefined);
    expect(among()).to.equal(undefined);
  });

  for (const family of ['inet', 'ip', 'ip6'] as const) {
    it(`is forbidden by every chain of an ${family} table on the way, and by none on that of the host itself`, () => {
      const forbidding = [0, 1, 2, 3, 4, 5].filter((hook) => among({ ...chain, family, hook }) !== undefined);
      expect(forbidding).to.eql([0, 2, 4, 5]);
    });
  }

  it('is forbidden by chains of a device, not by those of bridges and ARP', () => {
    const forbidding = (['netdev', 'bridge', 'arp'] as const).filter((family) => among({ ...chain, family, hook: 1 }));
    expect(forbidding).to.eql(['netdev']);
    expect(among({ ...chain, family: 'bridge' })).to.equal(undefined);
  });

  it('is forbidden by our own masquerade', () => {
    expect(among({ ...ours, isNat: true })).to.match(/ipMasq/);
  });

  it('is forbidden by tables of iptables-legacy and by others’ ip rules', () => {
    expect(inTheWay({ ...NOBODY, legacy: ['iptables nat'] })).to.match(/iptables nat/);
    expect(inTheWay({ ...NOBODY, rules: [{ family: 6, priority: 100 }] })).to.match(/priority 100 of IPv6/);
  });

  it('is forbidden by policies of IPsec, services of IPVS, and who filters what comes in by an uplink', () => {
    expect(inTheWay({ ...NOBODY, ipsec: true })).to.match(/IPsec/);
    expect(inTheWay({ ...NOBODY, ipvs: true })).to.match(/IPVS/);
    expect(inTheWay({ ...NOBODY, links: ['eth1'] })).to.match(/comes in by eth1/);
  });

  it('says which table it is', () => {
    expect(among(chain)).to.equal('nftables table "ip filter" has chain "FORWARD" on the way of packets');
  });
});
