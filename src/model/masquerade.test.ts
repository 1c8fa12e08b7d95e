import { expect } from 'chai';
import { prefix } from './address.js';
import { masqueradeObstacle } from './masquerade.js';

const blue = { name: 'blue', egress: 'host', prefixes: [prefix('10.20.0.0/16')], allow: [] } as const;

describe('a network whose containers shall leave under the address of the node', () => {
  it('meets no obstacle when it leaves by the host and says where its containers live', () => {
    expect(masqueradeObstacle(blue)).to.equal(undefined);
    expect(masqueradeObstacle({ ...blue, allow: [prefix('203.0.113.0/24')] })).to.equal(undefined);
  });

  it('is told that it does not leave by the host', () => {
    expect(masqueradeObstacle({ ...blue, egress: 'isolated' })).to.match(/"blue".*give it egress: host/);
  });

  it('is told that containers cannot be told from the rest without prefixes', () => {
    expect(masqueradeObstacle({ ...blue, prefixes: [] })).to.match(/"blue" names no prefixes.*name its prefixes/);
  });

  it('is told that the default route it allows already takes everything', () => {
    for (const all of ['0.0.0.0/0', '::/0']) {
      expect(masqueradeObstacle({ ...blue, allow: [prefix(all)] })).to.include(`allows the default route ${all}`);
    }
  });
});
