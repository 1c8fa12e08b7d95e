import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSubnets, subnetsIn } from './subnet-file.js';

const DUAL = `FLANNEL_NETWORK=10.244.0.0/16
FLANNEL_SUBNET=10.244.1.1/24
FLANNEL_IPV6_NETWORK=2001:db8:244::/48
FLANNEL_IPV6_SUBNET=2001:db8:244:1::1/64
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
`;
const said = (text: string) => {
  try {
    return subnetsIn(text, '/run/flannel/subnet.env');
  } catch (error) {
    return (error as Error).message;
  }
};

describe("flannel's subnet.env", () => {
  it('gives both subnets, without the bridge address in them, and the MTU', () => {
    expect(said(DUAL)).to.deep.equal({ pools: ['10.244.1.0/24', '2001:db8:244:1::/64'], mtu: 1450 });
  });

  it('may have one family only, no MTU, quotes, comments, empty values and DOS line ends', () => {
    expect(said('# mine\r\nFLANNEL_SUBNET="10.244.1.0/24"\r\nFLANNEL_IPV6_SUBNET=\r\n')).to.deep.equal({
      pools: ['10.244.1.0/24'],
      mtu: undefined,
    });
    expect(said("FLANNEL_IPV6_SUBNET='2001:db8::1/64'")).to.deep.include({ pools: ['2001:db8::/64'] });
  });

  it('is refused by name when it has no subnet, or one that is none', () => {
    expect(said('FLANNEL_MTU=1450\n')).to.match(/^\/run\/flannel\/subnet\.env has neither FLANNEL_SUBNET nor/);
    for (const bad of ['10.244.1.1', '10.244.1.1/33', '10.244.1/24', 'x/24', '::1/129', '/24']) {
      expect(said(`FLANNEL_SUBNET=${bad}`), bad).to.equal(
        `/run/flannel/subnet.env: FLANNEL_SUBNET: not a subnet: "${bad}"`,
      );
    }
    for (const bad of ['67', '65536', '1e3x', '1.5']) {
      expect(said(`FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=${bad}`), bad).to.match(/FLANNEL_MTU: not a number/);
    }
  });

  it('is refused by name when it is not there, not a file, or too long', () => {
    const directory = mkdtempSync(join(tmpdir(), 's32-config-'));
    const file = (name: string) => join(directory, name);
    try {
      expect(() => readSubnets(file('none'))).to.throw(RangeError, `${file('none')} cannot be read (ENOENT); flanneld`);
      expect(() => readSubnets(directory)).to.throw(RangeError, 'cannot be read (EISDIR)');
      execFileSync('mkfifo', [file('pipe')]);
      expect(() => readSubnets(file('pipe'))).to.throw(RangeError, 'has neither');
      writeFileSync(file('huge'), 'x'.repeat(70_000));
      expect(() => readSubnets(file('huge'))).to.throw(RangeError, 'longer than');
      writeFileSync(file('good'), DUAL);
      expect(readSubnets(file('good')).mtu).to.equal(1450);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
