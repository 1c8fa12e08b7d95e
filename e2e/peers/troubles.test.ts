/** Sessions that never come up, on real daemons: the reason that is given has to be the one that was put there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { cni } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { reconfigure } from '../networks/reconfigure.js';
import { cpuSeconds, peersLab, sessions, status } from './fabric.js';

/** Peers with one mistake each, by name; the reason to be given. */
const MISTAKES: Record<string, [settings: string, reason: RegExp]> = {
  'wrong-as': [
    'address: 198.51.100.1, localAddress: 198.51.100.11, asn: 65000',
    /does not want AS 4200000002 .*set its remote-as to 4200000002/,
  ],
  'wrong-as-of-it': [
    'address: 203.0.113.4, localAddress: 203.0.113.3, asn: 65008',
    /says that it is AS 65007, and AS 65008 is configured: set asn of the peer to 65007/,
  ],
  'wrong-password': [
    'address: 198.51.100.2, localAddress: 198.51.100.12, asn: 65000, passwordFile: PASSWORD',
    /compare the password on both sides/,
  ],
  'ttl-security-there': [
    'address: 198.51.100.3, localAddress: 198.51.100.13, asn: 65000',
    /may use TTL security \(GTSM\); set ttlSecurity of the peer/,
  ],
  'ttl-security-here': [
    'address: 198.51.100.4, localAddress: 198.51.100.14, asn: 65000, ttlSecurity: 1',
    /do not pass our TTL security: set it there/,
  ],
  'port-closed': ['address: 203.0.113.9, asn: 65010', /refuses TCP on port 179: nothing listens there/],
  'same-router-id': [
    'address: 203.0.113.2, localAddress: 203.0.113.1, asn: 4200000002',
    /has our router id 192\.0\.2\.3: give one of the two another/,
  ],
};

describe('a session that never comes up', () => {
  let lab: Lab;
  let node: LabNode;
  let original: string;

  before(async function () {
    this.timeout(120_000);
    lab = await peersLab('troubles');
    node = lab.node('node2');
    const password = `${node.directory}/password`;
    writeFileSync(password, 'what-node2-has\n', { mode: 0o600 });
    original = readFileSync(node.boundFile('/etc/slash32/node.yaml'), 'utf8');
    const peers = Object.entries(MISTAKES).map(([name, [settings]]) => `    - { name: ${name}, ${settings} }`);
    await reconfigure(node, (yaml) =>
      yaml.replace(/( {2}peers:\n)( {4}.*\n)+/, `$1${peers.join('\n')}\n`).replace('PASSWORD', password),
    );
  });
  after(() => lab?.down());

  it('has a reason that an engineer can act on: at slash32 status, and at STATUS with code 51', async function () {
    this.timeout(150_000);
    const cpu = cpuSeconds(node);
    const started = performance.now();
    const { peers, code } = await until(
      async () => {
        const seen = await status(node);
        const open = seen.peers.filter(({ reason }: { reason?: string }) => reason === undefined);
        if (open.length > 0) throw new Error(`none for ${JSON.stringify(open)}`);
        return seen;
      },
      { what: 'a reason for every peer', timeout: 120_000 },
    );
    expect(code).to.equal(3);
    for (const [name, [, words]] of Object.entries(MISTAKES)) {
      expect(peers.find((peer: { name: string }) => peer.name === name).reason, name).to.match(words);
    }
    const container = await lab.container('node2', 'blue-1');
    const { exitCode, json } = await cni('STATUS', container, { conf: { cniVersion: '1.1.0' } });
    expect([exitCode !== 0, json.code]).to.deep.equal([true, 51]);
    for (const [, [, words]] of Object.entries(MISTAKES)) expect(json.msg).to.match(words);
    // No busy loop: the processes of the node were idle nearly all the time.
    const share = (cpuSeconds(node) - cpu) / ((performance.now() - started) / 1000);
    expect(share, 'CPU used by controller and gobgpd').to.be.below(0.25);
  });

  it('is a line below its peer in the text, too', async () => {
    const { stdout } = await node.slash32('status');
    expect(stdout).to.match(/port-closed 203\.0\.113\.9 AS 65010 (idle|active|connect)\n\s+refuses TCP on port 179/);
    expect(stdout).to.not.include('what-node2-has');
  });

  it('has the same reason when our OPEN came before the peer looked at the TTL, so that gobgpd saw a session', async function () {
    this.timeout(180_000);
    const tor = lab.node('tor1');
    const [address] = /198[.0-9]+/.exec(MISTAKES['ttl-security-there']![0])!;
    const state = async () => (await status(node)).peers.find((peer: { address: string }) => peer.address === address);
    // The kernel takes the connection and our OPEN for a bgpd that stands still; it sets the TTL when it goes on.
    await tor.kill('bgpd', 'SIGSTOP');
    try {
      await until(async () => (await state()).session === 'opensent', { what: 'an OPEN on its way', timeout: 60_000 });
    } finally {
      await tor.kill('bgpd', 'SIGCONT');
    }
    await until(async () => (await state()).session === 'established', { what: 'a session that gobgpd alone sees' });
    const words = /comes up and goes again; it .*may use TTL security/;
    await until(async () => words.test((await state()).reason ?? ''), { what: 'the reason', timeout: 90_000 });
  });

  it('comes up when the mistake is mended, and the reason is gone', async () => {
    await reconfigure(node, () => original);
    await until(async () => (await sessions(node)).every(({ established }) => established), {
      what: 'the sessions of before',
      timeout: 60_000,
    });
    const { peers, code } = await until(
      async () => ((await status(node)).code === 0 ? await status(node) : undefined),
      {
        what: 'a status without trouble',
      },
    );
    expect(code).to.equal(0);
    expect(peers.filter(({ reason }: { reason?: string }) => reason)).to.deep.equal([]);
  });
});
