import { expect } from 'chai';
import { scale } from './scale.js';

const MANY = 300;

describe('a node with 200 networks', () => {
  it(`forwards a packet and attaches a container at the same cost with 2 and with ${MANY} endpoints`, async () => {
    const [few, many] = await scale([2, MANY], (line) => console.log(`      ${line}`));
    expect(many!.endpoints).to.equal(MANY);
    expect([few!.lost, many!.lost]).to.eql([0, 0]);
    for (const family of [4, 6] as const) {
      expect(many!.packet[family], `IPv${family}`).to.be.lessThan(few!.packet[family] * 1.5);
    }
    expect(many!.add.fast).to.be.lessThan(few!.add.fast * 1.5);
  }).timeout(120_000);
});
