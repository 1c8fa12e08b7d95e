/**
 * The fabric with another ToR. The ToR's configuration is what `slash32 tor-config` prints for the nodes' files; of gobgpd,
 * which it does not know, the file in gobgp-config/. Witnesses are kernels and Debian's own gobgp, never our own words.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { Lab } from '../lab/lab.js';
import type { LabNode } from '../lab/node.js';
import { inRepository } from '../lab/repository.js';
import { gobgpSessions } from '../lab/sessions.js';
import { FABRIC } from '../main-job/fabric.js';

/** Whom the nodes peer with. */
export type TorKind = 'frr' | 'bird' | 'gobgp';

/** How a lab differs from the fabric. */
export interface Fabric {
  /** A name for the lab. */
  readonly name: string;
  readonly tor: TorKind;
  /** The nodes' AS numbers are 65001 and 65002, unless this is added. */
  readonly asOffset?: number;
  /** TCP MD5 password of every session. */
  readonly password?: string;
  /** More options of `slash32 tor-config`. */
  readonly options?: readonly string[];
}

const IMAGE: Record<TorKind, { readonly image: string; readonly source: string; readonly target: string }> = {
  frr: { image: 'frrouting/frr', source: 'e2e/tor-config/frr.conf', target: '/etc/frr/frr.conf' },
  bird: { image: 'bird', source: 'e2e/tor-config/bird.conf', target: '/etc/bird/bird.conf' },
  gobgp: { image: 'osrg/gobgp', source: 'gobgp-config/tor.toml', target: '/etc/gobgp/gobgp.toml' },
};

/** Brings it up until every session stands. */
export async function fabricWith(fabric: Fabric): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 's32-torconfig-'));
  try {
    writeFileSync(join(directory, 'lab.clab.yml'), topologyOf(fabric));
    const lab = await Lab.forTests(join(directory, 'lab.clab.yml'), { name: `torconfig-${fabric.name}`, bare: true });
    try {
      for (const number of [1, 2]) configureNode(lab.node(`node${number}`), fabric);
      await configureTor(lab, fabric);
      for (const node of lab.nodes.values()) for (const name of node.processes) await node.start(name);
      await sessionsUp(lab);
      return lab;
    } catch (error) {
      const said = [...lab.nodes.values()].flatMap((node) =>
        node.processes.map((name) => `${name}: ${node.log(name, 8)}`),
      );
      await lab.down();
      throw new Error(`${(error as Error).message}\n${said.join('\n')}`, { cause: error });
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Every session of both nodes is established, in gobgp's own words. */
export async function sessionsUp(lab: Lab): Promise<void> {
  for (const name of ['node1', 'node2']) await gobgpSessions(lab.node(name), 2);
}

/** What `slash32 tor-config` prints for these files, by default the fabric's own. */
export async function printed(
  vendor: string,
  options: readonly string[] = [],
  files = [1, 2].map((number) => inRepository(`e2e/fabric/node${number}.yaml`)),
): Promise<string> {
  const argv = ['tor-config', '--vendor', vendor, '--config', ...files, ...options];
  return (await execa(inRepository('bin/slash32'), argv, { stripFinalNewline: false })).stdout;
}

function topologyOf({ tor }: Fabric): string {
  const lab = parse(readFileSync(FABRIC, 'utf8'));
  const { image, source, target } = IMAGE[tor];
  Object.assign(lab.topology.nodes.tor1, { image, binds: [`${inRepository(source)}:${target}`] });
  for (const number of [1, 2]) {
    const file = inRepository(`e2e/fabric/node${number}.yaml`);
    lab.topology.nodes[`node${number}`].binds = [`${file}:/etc/slash32/node.yaml`];
  }
  return stringify(lab);
}

function configureNode(node: LabNode, { asOffset = 0, password }: Fabric): void {
  const file = node.boundFile('/etc/slash32/node.yaml');
  const config = parse(readFileSync(file, 'utf8'));
  config.bgp.asn += asOffset;
  if (password !== undefined) {
    const passwordFile = `${node.directory}/tor.key`;
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    for (const peer of config.bgp.peers) peer.passwordFile = passwordFile;
  }
  writeFileSync(file, stringify(config));
}

async function configureTor(lab: Lab, { tor, password = '', asOffset = 0, options }: Fabric): Promise<void> {
  const file = lab.node('tor1').boundFile(IMAGE[tor].target);
  const base = readFileSync(file, 'utf8');
  if (tor === 'gobgp') return writeFileSync(file, gobgpTor(base, asOffset, password));
  const files = [1, 2].map((number) => lab.node(`node${number}`).boundFile('/etc/slash32/node.yaml'));
  const text = (await printed(tor, options, files)).replaceAll('CHANGE-ME', password);
  if (tor === 'frr') writeFileSync(file, base + text);
  else writeFileSync(file.replace('bird.conf', 'slash32.conf'), text);
}

/** The file is for the fabric's own AS numbers, and without passwords. */
function gobgpTor(toml: string, asOffset: number, password: string): string {
  const renumbered = toml.replace(/peer-as = (\d+)/g, (_, asn) => `peer-as = ${Number(asn) + asOffset}`);
  return password === '' ? renumbered : renumbered.replace(/(peer-as = .*)/g, `$1\n    auth-password = "${password}"`);
}
