import { expect } from 'chai';
import { prefix } from '../model/address.js';
import { fromNetwork, rebuildText, repairText, tableOfChain, toNetwork } from './filters-ruleset.js';

const GOLDEN = `add table inet slash32
flush table inet slash32
table inet slash32 {
	map source4 {
		type ifname . ipv4_addr : verdict
	}

	map source6 {
		type ifname . ipv6_addr : verdict
	}

	map destination4 {
		type ipv4_addr : verdict
	}

	map destination6 {
		type ipv6_addr : verdict
	}

	chain net-1001 {
		meta mark set meta mark & 0xffffe000 | 0x000003e9 accept
	}

	chain to-1001 {
		meta mark set meta mark & 0xffffe000 | 0x000003e9 goto return-route
	}

	chain return-route {
		fib saddr . mark oif exists accept
		iifname != "s32*" icmp type { destination-unreachable, time-exceeded, parameter-problem } meta mark set meta mark & 0xffffe000 accept
		iifname != "s32*" icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
		drop
	}

	chain from-endpoint {
		ip daddr 127.0.0.0/8 drop
		icmp type { redirect, router-advertisement, router-solicitation } drop
		iifname . ip saddr vmap @source4
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect } drop
		iifname . ip6 saddr vmap @source6
		icmpv6 type nd-neighbor-solicit ip6 saddr :: accept
		drop
	}

	chain network-of-source {
		iifname . ip saddr vmap @source4
		iifname . ip6 saddr vmap @source6
	}

	chain to-endpoint {
		iifname != "s32*" meta mark & 0x00001fff != 0 accept
		ip daddr vmap @destination4
		ip6 daddr vmap @destination6
		drop
	}

	chain prerouting-raw {
		type filter hook prerouting priority raw; policy accept;
		iifname "s32*" goto from-endpoint
	}

	chain prerouting {
		type filter hook prerouting priority dstnat + 1; policy accept;
		iifname "s32*" goto network-of-source
		ip daddr vmap @destination4
		ip6 daddr vmap @destination6
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname "s32*" goto to-endpoint
	}
}
`;

describe('the ruleset', () => {
  it('is this one for a network with table 1001', () => {
    expect(repairText({ tables: [1001] })).to.equal(GOLDEN);
  });

  it('has two chains a network and not one rule an endpoint', () => {
    const rules = (text: string) => text.split('\n').length;
    const one = rules(repairText({ tables: [1] }));
    expect(rules(repairText({ tables: [1, 2] })) - one).to.equal(8);
    expect(
      rules(rebuildText({ tables: [1] }, ['destination4 { 10.0.0.1 : goto to-1 }'])) -
        rules(rebuildText({ tables: [1] }, [])),
    ).to.equal(1);
  });

  it('is the same text whatever order the networks come in', () => {
    expect(repairText({ tables: [9, 1, 9] })).to.equal(repairText({ tables: [1, 9] }));
  });

  it('fills the lowest and the highest table into our bits of the mark only', () => {
    expect(repairText({ tables: [1] })).to.include('meta mark & 0xffffe000 | 0x00000001 accept');
    expect(repairText({ tables: [8191] })).to.include('meta mark & 0xffffe000 | 0x00001fff accept');
  });

  it('is rebuilt in one transaction that removes the old table and brings the elements along', () => {
    const text = rebuildText({ tables: [1001] }, ['destination4 { 10.0.0.1 : goto to-1001 }']);
    expect(text.startsWith('add table inet slash32\ndelete table inet slash32\ntable inet slash32 {\n')).to.equal(true);
    expect(text.endsWith('}\nadd element inet slash32 destination4 { 10.0.0.1 : goto to-1001 }\n')).to.equal(true);
  });

  it('has a nat chain only when somebody may be masqueraded: everywhere but at home', () => {
    expect(repairText({ tables: [1001] })).not.to.include('type nat');
    const text = repairText({ tables: [1001], homes: [prefix('10.20.0.0/16'), prefix('2001:db8:20::/48')] });
    expect(text).to.include(`	chain masqueraded {
		oifname "s32*" accept
		ip daddr 10.20.0.0/16 accept
		ip6 daddr 2001:db8:20::/48 accept
		masquerade
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr vmap @masquerade4
		ip6 saddr vmap @masquerade6
	}
`);
  });

  it("knows a network's chains by their names, and no others", () => {
    expect([fromNetwork(7), toNetwork(8191)].map(tableOfChain)).to.deep.equal([7, 8191]);
    expect(['forward', 'net-', 'net-7x', 'xnet-7', 'to-endpoint'].map(tableOfChain)).to.deep.equal(
      Array(5).fill(undefined),
    );
  });
});
