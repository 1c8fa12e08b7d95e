/**
 * A network announces its pools as blocks. Witnesses are the switch's own kernel and BGP table, pings every 10 ms, and
 * `ip monitor route`. The node has a default route to the switch, as nodes have: without the blackhole, packets to an
 * address that nobody has would go round between the two.
 */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { startPinging } from '../lab/ping.js';
import { monitorRoutes } from '../lab/route-monitor.js';
import { add, cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, fabricUp, kernelRoutes, peersUp } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import type { Attachment } from './dual-tor.js';

const BLOCKS = ['10.20.1.0/24', '2001:db8:20:1::/64'];
const UNUSED = ['10.20.1.77', '2001:db8:20:1::77'];
const MOVED = '10.20.1.200';
const OUTSIDE = '10.20.9.9';

describe('a block that is announced as a whole', () => {
  let lab: Lab;
  let own: Attachment;
  let far: Attachment;

  before(async () => {
    lab = await fabricUp('aggregate');
    const { node1 } = nodes();
    await node1.exec(['ip', 'route', 'add', 'default', 'via', '192.0.2.0']);
    await node1.exec(['ip', '-6', 'route', 'add', 'default', 'via', '2001:db8:ffff:1::']);
    own = await attach('node1', 'own');
    far = await attach('node2', 'far');
    await atTorExactly([own.v4, own.v6], []);
    await reaches(far, own.v4);
  });
  after(() => lab?.down());

  const nodes = () => ({ tor: lab.node('tor1'), node1: lab.node('node1') });
  const attach = async (node: string, name: string, address?: string) => {
    const container = await lab.container(node, name);
    const conf = address ? { ipam: { type: 'static', addresses: [{ address: `${address}/32` }] } } : {};
    return Object.assign(container, await add(container, { conf }));
  };
  const announce = (how: string) =>
    reconfigure(nodes().node1, (yaml) =>
      yaml.replace(/announce: .*\n {4}/, '').replace(/name: blue\n {4}/, `name: blue\n    announce: ${how}\n    `),
    );
  /** What of node1's addresses the switch's kernel routes to it. */
  const atTorExactly = async (there: readonly string[], gone: readonly string[]) =>
    until(
      async () => {
        const routes = [4, 6].map((family) => kernelRoutes(nodes().tor, 'main', family as 4 | 6));
        const found = (await Promise.all(routes)).flat();
        return there.every((one) => found.includes(one)) && !gone.some((one) => found.includes(one));
      },
      { what: `${there.join(', ') || 'nothing'} without ${gone.join(', ') || 'exception'} at the switch` },
    );
  const ping = (from: { attempt: Attachment['attempt'] }, to: string, count = 1) =>
    from.attempt(['ping', '-n', '-c', `${count}`, '-i', '0.1', '-W', '1', to]);
  const reaches = (from: { attempt: Attachment['attempt'] }, to: string) =>
    until(async () => (await ping(from, to)).code === 0, { what: `an answer from ${to}` });

  /** How often the switch forwards five pings to this address: each once, unless they come back. */
  async function timesForwarded(to: string): Promise<number> {
    const { tor } = nodes();
    const rule = `${to.includes(':') ? 'ip6' : 'ip'} daddr ${to} counter`;
    const table = `table inet counted { chain forward { type filter hook forward priority 0; ${rule}; }; }`;
    await tor.exec(['nft', table]);
    expect((await ping(far, to, 5)).code).to.equal(1);
    const counted = await tor.exec(['nft', 'list', 'table', 'inet', 'counted']);
    await tor.exec(['nft', 'delete', 'table', 'inet', 'counted']);
    return Number(/counter packets (\d+)/.exec(counted)?.[1]);
  }

  it('without a blackhole, what nobody has goes round until its TTL is spent: the control', async () => {
    const ways = [
      { node: nodes().tor, way: [BLOCKS[0]!, 'via', '192.0.2.1'] },
      { node: lab.node('node2'), way: [BLOCKS[0]!, 'via', '192.0.2.2', 'table', '1001'] },
    ];
    for (const { node, way } of ways) await node.exec(['ip', 'route', 'add', ...way]);
    const forwarded = await timesForwarded(UNUSED[0]!);
    for (const { node, way } of ways) await node.exec(['ip', 'route', 'del', ...way]);
    expect(forwarded).to.be.greaterThan(100);
  });

  it('is at the switch after a reload, in both families, and the host routes in it are not; a ping in between loses nothing', async () => {
    const flow = startPinging(far.namespace, own.v4);
    for (const [how, there, gone] of [
      ['aggregate', BLOCKS, [own.v4, own.v6]],
      ['both', [...BLOCKS, own.v4, own.v6], []],
      ['host', [own.v4, own.v6], BLOCKS],
      ['aggregate', BLOCKS, [own.v4, own.v6]],
    ] as const) {
      await announce(how);
      await atTorExactly(there, gone);
    }
    const { sent, lost } = await flow.stop();
    expect([lost, sent > 20], `${lost} of ${sent} lost`).to.eql([0, true]);
    const bgp = await nodes().tor.vtysh(`show bgp ipv4 unicast ${BLOCKS[0]}`);
    expect(bgp).to.match(/RT:64512:100/);
  });

  it('drops at the node what nobody has: the switch forwards each packet once, so no TTL is spent', async () => {
    // The switch tells node2 of the blocks some time after it has them itself.
    for (const [i, block] of BLOCKS.entries()) {
      const heard = async () => (await kernelRoutes(far.node, 1001, i === 0 ? 4 : 6)).includes(block);
      await until(heard, { what: `${block} on node2` });
    }
    for (const unused of UNUSED) expect(await timesForwarded(unused)).to.equal(5);
  });

  it('an ADD is settled when the block is announced, and CHECK agrees; outside the block a host route leads to it', async () => {
    const late = await attach('node1', 'late');
    const outside = await attach('node1', 'outside', OUTSIDE);
    expect(await announced(nodes().node1)).to.have.members([...BLOCKS, `${OUTSIDE}/32`]);
    for (const container of [late, outside]) await reaches(far, container.v4);
    const { exitCode, json } = await cni('CHECK', late, { conf: { prevResult: late.result } });
    expect(exitCode, JSON.stringify(json)).to.equal(0);
  });

  it('eats no address of its own that has moved to another node, nor one that is still here', async () => {
    const { node1 } = nodes();
    await attach('node2', 'moved', MOVED);
    await until(async () => (await kernelRoutes(node1, 'main')).includes(MOVED), {
      what: `${MOVED} in the main table of node1`,
    });
    for (const to of [MOVED, far.v4]) await reaches(own, to);
    await reaches(far, own.v4);
    // For the node itself, and for who comes from outside although the switch knows better.
    for (const from of [[], ['from', far.v4, 'iif', 'eth1']])
      expect(await node1.exec(['ip', 'route', 'get', MOVED, ...from])).to.match(/ via 192\.0\.2\.0 /);
  });

  it('is named by slash32 routes and explain', async () => {
    const slash32 = async (...words: string[]) => (await nodes().node1.slash32(...words)).stdout;
    expect(await slash32('routes')).to.match(/blue +10\.20\.1\.0\/24 +blackhole .*announced/);
    expect(await slash32('explain', own.v4)).to.match(/10\.20\.1\.0\/24 leads to it, as "announce" of blue says/);
    expect(await slash32('explain', UNUSED[0]!)).to.match(/blackhole 10\.20\.1\.0\/24 table 254/);
  });

  it('survives kill -9 of the controller, then of gobgpd: no route of node or switch changes, and no ping is lost', async () => {
    const { tor, node1 } = nodes();
    const [atTor, atNode] = [await monitorRoutes(tor.namespace), await monitorRoutes(node1.namespace)];
    const flow = startPinging(far.namespace, own.v4);
    await node1.restart('slash32d', 'SIGKILL');
    await node1.kill('gobgpd', 'SIGKILL');
    await until(async () => (await announced(node1)).includes(BLOCKS[0]!), { what: 'gobgpd to say the block again' });
    await peersUp(lab);
    const { lost } = await flow.stop();
    expect(lost).to.equal(0);
    expect([await atTor.stop(), await atNode.stop()]).to.eql([[], []]);
  });
});
