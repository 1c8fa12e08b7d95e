import { expect } from 'chai';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { type Attached, add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { type Place, sourceSeen } from '../lab/witness.js';
import { fabricUp } from '../main-job/fabric.js';
import { reconfigure } from './reconfigure.js';

const INTERNET = { 4: '198.51.100.1', 6: '2001:db8:fffe::1' };
const NODE1 = { 4: '192.0.2.1', 6: '2001:db8:ffff:1::1' };
const FAMILIES = [4, 6] as const;

/** A host behind the ToR that knows where the nodes are, and of containers nothing at all. */
async function internet(lab: Lab): Promise<Place & Container> {
  const tor = lab.node('tor1');
  const host = await lab.container('tor1', 'internet');
  await tor.exec(['ip', 'link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.namespace]);
  for (const own of ['198.51.100.0/31', '2001:db8:fffe::/127'])
    await tor.exec(['ip', 'address', 'add', own, 'dev', 'wan', ...nodad(own)]);
  await tor.exec(['ip', 'link', 'set', 'wan', 'up']);
  for (const own of [`${INTERNET[4]}/31`, `${INTERNET[6]}/127`])
    await host.exec(['ip', 'address', 'add', own, 'dev', 'eth0', ...nodad(own)]);
  await host.exec(['ip', 'link', 'set', 'eth0', 'up']);
  await host.exec(['ip', 'route', 'add', '192.0.2.0/24', 'via', '198.51.100.0']);
  await host.exec(['ip', 'route', 'add', '2001:db8:ffff::/48', 'via', '2001:db8:fffe::']);
  const node = lab.node('node1');
  await node.exec(['ip', 'route', 'add', 'default', 'via', '192.0.2.0']);
  await node.exec(['ip', 'route', 'add', 'default', 'via', '2001:db8:ffff:1::']);
  return Object.assign(host, { device: 'eth0' });
}

const nodad = (own: string) => (own.includes(':') ? ['nodad'] : []);

describe('ipMasq', () => {
  let lab: Lab;
  let node: LabNode;
  let outside: Place & Container;
  let blue: Container & Attached;
  let blue2: Container & Attached;
  let afar: Container & Attached;

  before(async () => {
    lab = await fabricUp('cni3-masq');
    node = lab.node('node1');
    outside = await internet(lab);
    await reconfigure(node, (yaml) =>
      yaml
        .replace(/^( +)table: 1001$/m, '$&\n$1egress: host\n$1ipMasq: true')
        .replace(/^( +)table: 1002$/m, '$&\n$1egress: host'),
    );
    [blue, blue2] = [await attached('node1', 'blue'), await attached('node1', 'blue2', { network: 'blue' })];
    afar = await attached('node2', 'afar', { network: 'blue' });
  });
  after(() => lab?.down());

  async function attached(on: string, name: string, call: { network?: string; conf?: object } = { network: name }) {
    const container = await lab.container(on, name);
    return Object.assign(container, await add(container, call));
  }
  const own = ({ v4, v6 }: Attached) => ({ 4: v4, 6: v6 });
  const place = ({ namespace }: Container): Place => ({ namespace, device: 'eth0' });
  const pings = async (from: Container, to: string) =>
    (await from.attempt(['ping', '-n', '-q', '-c', '1', '-W', '0.7', to])).code === 0;

  it('lets a container of the network reach a host that knows no way to it, which sees the node', async () => {
    for (const family of FAMILIES) {
      expect(await sourceSeen(outside, blue, INTERNET[family])).to.equal(NODE1[family]);
      expect(await pings(blue, INTERNET[family])).to.equal(true);
    }
  });

  it('holds on the way that only the host imports, where nobody needs to know containers', async () => {
    await lab
      .node('tor1')
      .exec([
        ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65000'],
        ...['-c', 'address-family ipv4 unicast', '-c', 'network 198.51.100.0/31'],
      ]);
    await reconfigure(node, (yaml) =>
      yaml
        .replace(/families: \[ipv4\] }/, 'families: [ipv4], untagged: ["64512:1"] }')
        .concat('host: { import: ["64512:1"] }\n'),
    );
    const ours = () => node.exec(['ip', '-4', 'route', 'show', 'table', 'main', 'proto', '32']);
    await until(async () => (await ours()).includes('198.51.100.0/31'), { what: "the host's own import" });
    expect(await sourceSeen(outside, blue, INTERNET[4])).to.equal(NODE1[4]);
  });

  it('leaves the address alone between containers, of this node and of another', async () => {
    for (const family of FAMILIES) {
      expect(await sourceSeen(place(blue2), blue, own(blue2)[family])).to.equal(own(blue)[family]);
      expect(await sourceSeen(place(afar), blue, own(afar)[family])).to.equal(own(blue)[family]);
      expect(await sourceSeen(place(blue), afar, own(blue)[family])).to.equal(own(afar)[family]);
    }
  });

  it('does not take the node for a way into another network: what goes there bears the own address, and is dropped', async () => {
    const red = await attached('node2', 'red-afar', { network: 'red' });
    const tor = { namespace: lab.node('tor1').namespace, device: 'eth1' };
    for (const family of FAMILIES) {
      expect(await sourceSeen(tor, blue, own(red)[family])).to.equal(own(blue)[family]);
      expect(await pings(blue, own(red)[family])).to.equal(false);
    }
  });

  it('is for one attachment alone when its own configuration asks for it', async () => {
    const plain = await attached('node1', 'plain', { network: 'red' });
    const asking = await attached('node1', 'asking', { network: 'red', conf: { ipMasq: true } });
    for (const family of FAMILIES) {
      expect(await sourceSeen(outside, plain, INTERNET[family])).to.equal(own(plain)[family]);
      expect(await sourceSeen(outside, asking, INTERNET[family])).to.equal(NODE1[family]);
    }
    const { v4 } = asking;
    expect(await node.exec(['nft', 'list', 'table', 'inet', 'slash32'])).to.include(`${v4} : goto masqueraded`);
    await del(asking, { network: 'red' });
    expect(await node.exec(['nft', 'list', 'table', 'inet', 'slash32'])).not.to.include(v4);
  });

  it('goes on while the controller is dead, and when it is back', async () => {
    await node.kill('slash32d', 'SIGKILL');
    expect(await pings(blue, INTERNET[4])).to.equal(true);
    await node.start('slash32d');
    for (const family of FAMILIES) expect(await sourceSeen(outside, blue, INTERNET[family])).to.equal(NODE1[family]);
  });

  const damages = {
    'a flushed chain': 'flush chain inet slash32 postrouting',
    'a deleted rule of it': 'flush chain inet slash32 masqueraded',
    'emptied maps': 'flush map inet slash32 masquerade4; flush map inet slash32 masquerade6',
    'the whole table': 'delete table inet slash32',
  };
  for (const [damage, command] of Object.entries(damages)) {
    it(`is repaired when somebody has removed ${damage}`, async () => {
      await node.exec(['nft', command]);
      await until(() => pings(blue, INTERNET[4]), { what: `IPv4 masquerade after ${damage}` });
      await until(() => pings(blue, INTERNET[6]), { what: `IPv6 masquerade after ${damage}` });
    });
  }

  it('makes no nat chain on a node where nobody asked for it', async () => {
    const table = await lab.node('node2').exec(['nft', 'list', 'table', 'inet', 'slash32']);
    expect(table).to.include('chain forward').and.not.include('type nat');
  });

  it('is refused where nothing leaves by the node, by ADD and by STATUS, with the reason', async () => {
    const container = await lab.container('node2', 'refused');
    const refusal = await cni('ADD', container, { conf: { ipMasq: true } });
    expect(refusal.json).to.include({ code: 7 });
    expect(refusal.json.msg).to.match(/ipMasq is not possible: .*"blue".*egress: host/);
    const status = await cni('STATUS', container, { conf: { cniVersion: '1.1.0', ipMasq: true } });
    expect(status.json).to.include({ code: 50 });
    expect(status.json.msg).to.match(/ipMasq is not possible/);
  });

  it('ends, and takes its chains along, when the configuration does not want it any more', async () => {
    await reconfigure(node, (yaml) => yaml.replace(/^ +ipMasq: true\n/m, ''));
    const gone = async () => !(await node.exec(['nft', 'list', 'table', 'inet', 'slash32'])).includes('type nat');
    await until(gone, { what: 'the nat chain to be gone' });
    for (const family of FAMILIES)
      expect(await sourceSeen(outside, blue, INTERNET[family])).to.equal(own(blue)[family]);
  });
});
