/** Our result in every version beside what the real ptp prints in the same version: the same keys, nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from 'chai';
import { resultOf } from '../../src/cni/result.js';
import { decodeResult } from '../../src/cni/result-decode.js';
import { encodeResult } from '../../src/cni/result-encode.js';
import { VERSIONS } from '../../src/cni/version.js';
import { address } from '../../src/model/address.js';
import { exampleEndpoint } from '../../src/model/example-endpoint.js';

const HOST = `s32-cni-shapes-${process.pid}-host`;
const BOX = `s32-cni-shapes-${process.pid}-box`;

const endpoint = exampleEndpoint({
  netns: `/run/netns/${BOX}`,
  addresses: [address('10.99.1.2'), address('fd00:99::2')],
});
const ours = resultOf(endpoint, { v4: address('169.254.1.1'), v6: address('fe80::1') }, { nameservers: ['10.0.0.53'] });

describe('a result beside that of ptp', () => {
  let dataDir: string;
  before(async function () {
    if (process.getuid?.() !== 0 || !existsSync('/usr/lib/cni/ptp')) this.skip();
    dataDir = await mkdtemp(join(tmpdir(), 's32-cni-'));
    for (const name of [HOST, BOX]) execFileSync('ip', ['netns', 'add', name]);
  });
  after(async () => {
    if (!dataDir) return;
    for (const name of [HOST, BOX]) execFileSync('ip', ['netns', 'del', name]);
    await rm(dataDir, { recursive: true });
  });

  /** ptp needs both ends of its veth in namespaces that are ours. */
  function ptp(command: string, cniVersion: string): string {
    const ranges = [[{ subnet: '10.99.1.0/24' }], [{ subnet: 'fd00:99::/64' }]];
    const routes = [
      { dst: '0.0.0.0/0', gw: '10.99.1.1' },
      { dst: '::/0', gw: 'fd00:99::1' },
    ];
    const dns = { nameservers: ['10.0.0.53'] };
    const conf = {
      cniVersion,
      name: 's32-cni',
      type: 'ptp',
      dns,
      ipam: { type: 'host-local', dataDir, ranges, routes },
    };
    const env = {
      ...{ CNI_COMMAND: command, CNI_CONTAINERID: 'c1', CNI_NETNS: `/run/netns/${BOX}`, CNI_IFNAME: 'eth0' },
      ...{ CNI_PATH: '/usr/lib/cni', PATH: process.env.PATH },
    };
    const input = JSON.stringify(conf);
    return execFileSync('ip', ['netns', 'exec', HOST, '/usr/lib/cni/ptp'], { env, input, encoding: 'utf8' });
  }

  // 1.1.0 is newer than Debian's ptp.
  for (const version of VERSIONS.filter((one) => one !== '1.1.0')) {
    it(`has the same keys in ${version}, and what ptp says can be read`, () => {
      const said = ptp('ADD', version);
      ptp('DEL', version);
      const theirs = JSON.parse(said);
      assert.deepEqual(shape(JSON.parse(JSON.stringify(encodeResult(ours, version)))), shape(theirs));
      const decoded = decodeResult(theirs, 'what ptp printed');
      const back = encodeResult(decoded, version);
      assert.deepEqual(JSON.parse(JSON.stringify(back)), theirs);
    }).timeout(60_000);
  }
});

/** Keys and types without the values; `version` of an address and `cniVersion` keep theirs. */
function shape(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shape(item, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner, name)]));
  }
  return /version$/i.test(key) || key === 'interface' ? value : typeof value;
}
