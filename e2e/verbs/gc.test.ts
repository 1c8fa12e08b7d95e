/** GC on the real fabric: what goes, what stays, and what the runtime hears. */
import { existsSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { type Answer, type Attached, add, type Call, cni, del } from '../lab/runtime.js';
import { atTor, fabricUp, holdings, NOTHING } from '../main-job/fabric.js';

const [VALID, LEGACY] = ['cni.dev/valid-attachments', 'cni.dev/attachments'];

describe('GC', () => {
  let lab: Lab;
  let serial = 0;

  before(async () => {
    lab = await fabricUp('verbs-gc');
  });
  after(() => lab?.down());
  afterEach(async () => expect(await holdings(lab.node('node1'))).to.eql(NOTHING));

  async function attached(call: Call = {}): Promise<Container & Attached> {
    const container = await lab.container('node1', `gc-${++serial}`);
    return Object.assign(container, await add(container, call));
  }
  const gc = (container: Container, conf: object, call: Call = {}): Promise<Answer> =>
    cni('GC', container, { ...call, conf: { cniVersion: '1.1.0', ...conf } });
  const named = (...containers: Container[]) => containers.map(({ name }) => ({ containerID: name, ifname: 'eth0' }));
  const isAttached = async ({ hostLink, node }: Attached & Container) =>
    (await node.attempt(['ip', 'link', 'show', hostLink])).code === 0;

  for (const key of [VALID, LEGACY]) {
    it(`detaches what ${key} does not name, and leaves the others alone`, async () => {
      const [kept, garbage] = [await attached(), await attached()];
      await atTor(lab, garbage.v4);
      const answer = await gc(kept, { [key]: named(kept) });
      expect(answer.exitCode, JSON.stringify(answer.json)).to.equal(0);
      expect(answer.json).to.equal(undefined);
      await atTor(lab, garbage.v4, false);
      expect([await isAttached(kept), await isAttached(garbage)]).to.eql([true, false]);
      expect((await kept.attempt(['ping', '-n', '-c', '1', '-W', '2', '169.254.1.1'])).code).to.equal(0);
      await del(kept);
    });
  }

  it('takes both keys, as libcni sends them', async () => {
    const [kept, garbage] = [await attached(), await attached()];
    expect((await gc(kept, { [VALID]: named(kept), [LEGACY]: named(kept) })).exitCode).to.equal(0);
    expect([await isAttached(kept), await isAttached(garbage)]).to.eql([true, false]);
    await del(kept);
  });

  for (const [what, list] of Object.entries({ null: null, 'an empty list': [] })) {
    it(`takes ${what} for "nothing is valid"`, async () => {
      const [one, two] = [await attached(), await attached()];
      expect((await gc(one, { [VALID]: list })).exitCode).to.equal(0);
      expect([await isAttached(one), await isAttached(two)]).to.eql([false, false]);
    });
  }

  it('changes nothing when neither key is there, and nothing when an entry cannot be read', async () => {
    const one = await attached();
    expect((await gc(one, {})).exitCode).to.equal(0);
    expect((await gc(one, { [VALID]: [{ containerID: 'x' }] })).json.code).to.equal(7);
    expect((await gc(one, { [VALID]: 'none' })).json.code).to.equal(7);
    expect(await isAttached(one)).to.equal(true);
    await del(one);
  });

  it('is unknown before 1.1.0, and then changes nothing', async () => {
    const one = await attached();
    expect((await gc(one, { cniVersion: '1.0.0', [VALID]: [] })).json.code).to.equal(1);
    expect(await isAttached(one)).to.equal(true);
    await del(one);
  });

  it('concerns the CNI network that it names, not others, also where both are in one network of ours', async () => {
    const [here, there, red] = [
      await attached(),
      await attached({ conf: { name: 'other' } }),
      await attached({ network: 'red' }),
    ];
    expect((await gc(here, { [VALID]: [] })).exitCode).to.equal(0);
    expect([await isAttached(here), await isAttached(there), await isAttached(red)]).to.eql([false, true, true]);
    expect((await gc(there, { name: 'other', [VALID]: [] })).exitCode).to.equal(0);
    expect(await isAttached(there)).to.equal(false);
    await del(red);
  });

  it('knows two interfaces of one container apart', async () => {
    const first = await attached();
    await add(first, { ifname: 'eth1' });
    expect((await gc(first, { [VALID]: [{ containerID: first.name, ifname: 'eth1' }] })).exitCode).to.equal(0);
    expect((await first.attempt(['ip', 'link', 'show', 'eth0'])).code).not.to.equal(0);
    expect((await first.attempt(['ip', 'link', 'show', 'eth1'])).code).to.equal(0);
    await del(first, { ifname: 'eth1' });
  });

  it('gives the addresses of a delegated IPAM plugin back', async () => {
    const dataDir = `${lab.node('node1').directory}/host-local`;
    const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.20.1.128/25' }]] };
    const one = await attached({ conf: { ipam } });
    const leases = () =>
      existsSync(`${dataDir}/blue`) ? readdirSync(`${dataDir}/blue`).filter((it) => /^\d/.test(it)) : [];
    expect(leases()).to.have.length(1);
    expect((await gc(one, { ipam, [VALID]: [] })).exitCode).to.equal(0);
    expect(leases()).to.eql([]);
  });

  it('goes on past an error, and reports it', async () => {
    const ipam = { type: 'host-local', dataDir: '/proc/none', ranges: [[{ subnet: '10.20.1.128/25' }]] };
    const dataDir = `${lab.node('node1').directory}/host-local-2`;
    const [one, two] = [await attached({ conf: { ipam: { ...ipam, dataDir } } }), await attached()];
    const { json } = await gc(one, { ipam: { type: 'nobody-has-this' }, [VALID]: [] });
    expect(json.code).to.equal(106);
    expect(json.msg).to.match(/^GC of "blue": IPAM plugin nobody-has-this: /);
    expect([await isAttached(one), await isAttached(two)]).to.eql([false, false]);
  });

  it('leaves an ADD alone that is under way, or came after it', async () => {
    const old = await attached();
    const fresh = await Promise.all(Array.from({ length: 8 }, () => lab.container('node1', `gc-${++serial}`)));
    const [, ...answers] = await Promise.all([gc(old, { [VALID]: [] }), ...fresh.map((container) => add(container))]);
    const alive = await Promise.all(
      fresh.map(async (container, i) => isAttached(Object.assign(container, answers[i]!))),
    );
    // Those whose ADD was through before GC began were not valid by its list.
    const checked = await Promise.all(
      fresh.map(async (container, i) => {
        const prevResult = answers[i]!.result;
        return (await cni('CHECK', container, { conf: { prevResult } })).exitCode === 0;
      }),
    );
    expect(checked, 'whole, or wholly gone').to.eql(alive);
    await Promise.all(fresh.map((container) => del(container)));
  });
});
