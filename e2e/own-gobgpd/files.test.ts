/** The files of gobgp-config/, each loaded by the real gobgpd, which then says what it understood. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { inRepository } from '../lab/repository.js';
import { until } from '../lab/until.js';

const NAMESPACE = 's32-torconfig-files';

/** What gobgpd is set to, as its own client prints it. */
interface Settings {
  readonly global: { readonly asn: number; readonly router_id: string };
  readonly peers: readonly {
    readonly conf: { readonly neighbor_address: string; readonly peer_asn: number };
    readonly graceful_restart?: { readonly restart_time?: number; readonly deferral_time?: number };
    readonly timers: { readonly config: { readonly hold_time: number } };
  }[];
}

/** Starts gobgpd with a file of gobgp-config/ in a namespace of its own, and asks it. */
async function loaded(file: string): Promise<Settings & { readonly said: string }> {
  const directory = mkdtempSync(join(tmpdir(), 's32-torconfig-'));
  const api = `unix://${directory}/gobgpd.sock`;
  await execa('ip', ['netns', 'add', NAMESPACE]);
  await execa('ip', ['-n', NAMESPACE, 'link', 'set', 'lo', 'up']);
  const argv = ['-f', inRepository(`gobgp-config/${file}`), '--api-hosts', api, '--pprof-disable'];
  // A key that it does not know ends it: "has invalid keys".
  const daemon = execa('ip', ['netns', 'exec', NAMESPACE, 'gobgpd', ...argv], { reject: false, all: true });
  try {
    const ask = async (...words: string[]) =>
      JSON.parse((await execa('gobgp', ['--target', api, '-j', ...words])).stdout);
    const global = await until(() => ask('global'), { what: `gobgpd with ${file}` });
    const wanted =
      readFileSync(inRepository(`gobgp-config/${file}`), 'utf8').match(/^\[\[neighbors\]\]/gm)?.length ?? 0;
    const peers = await until(
      async () => {
        const found = await ask('neighbor');
        return (found ?? []).length === wanted && (found ?? []);
      },
      { what: `${wanted} peers of ${file}` },
    );
    daemon.kill('SIGKILL');
    return { global, peers, said: (await daemon).all ?? '' };
  } finally {
    daemon.kill('SIGKILL');
    await daemon;
    await execa('ip', ['netns', 'del', NAMESPACE]);
    rmSync(directory, { recursive: true });
  }
}

describe('gobgp-config/', () => {
  for (const [file, asn, addresses] of [
    ['node.toml', 65001, ['192.0.2.0', '2001:db8:ffff:1::']],
    ['tor.toml', 65000, ['192.0.2.1', '192.0.2.3', '2001:db8:ffff:1::1', '2001:db8:ffff:2::1']],
    ['route-reflector.toml', 65000, []],
  ] as const) {
    it(`${file} is taken by gobgpd without complaint, with its timers and graceful restart`, async () => {
      const { global, peers, said } = await loaded(file);
      expect(global.asn).to.equal(asn);
      expect(peers.map(({ conf }) => conf.neighbor_address)).to.have.members([...addresses]);
      for (const { graceful_restart, timers } of peers) {
        expect(graceful_restart).to.include({ restart_time: 60, deferral_time: 15 });
        expect(timers.config.hold_time).to.equal(9);
      }
      expect(said).to.not.match(/"level":"(warning|error|fatal|panic)"/);
    });
  }
});
