/**
 * The image and docker-compose.yml without a registry: what the image's last stage copies, its entry point, and the fabric's
 * files and addresses, in network namespaces. Only its packages, and how Docker wires a network, are the host's here.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { Lab } from '../lab/lab.js';
import { inodeOf } from '../lab/namespace.js';
import { beside, inNode, privateWrites } from '../lab/private-run.js';
import { launch, processesIn, type Running, signalProcess } from '../lab/process.js';
import { inRepository } from '../lab/repository.js';
import { until } from '../lab/until.js';
import { peersUp } from '../main-job/fabric.js';
import { asTopology, readCompose } from './compose.js';
import { copyOf, imageScript, lastStage, readDockerfile } from './dockerfile.js';

const compose = readCompose();
const dockerfile = readDockerfile();
const LAB = 'compose';
const NODES = ['node1', 'node2'];

/** The image writes there; elsewhere it only reads. */
const OVERLAYS = `set -e
${privateWrites(['etc', 'opt', 'usr/local'])}
mkdir -p /etc/slash32
cp "$1" /etc/slash32/node.yaml
shift
exec "$@"`;

describe('the image', () => {
  it('is made of what the repository has, or its build makes, and nothing of it is kept away from the build', () => {
    const ignored = readFileSync(inRepository('.dockerignore'), 'utf8').trim().split('\n');
    const copies = lastStage(dockerfile).filter(({ name }) => name === 'COPY');
    expect(copies.length).to.be.greaterThan(5);
    for (const copy of copies) {
      const isBuilt = copy.text.includes('--from=builder');
      for (const source of copyOf(copy, '/opt/slash32').sources) {
        expect(existsSync(inRepository(source)), source).to.equal(true);
        if (!isBuilt) expect(ignored, source).not.to.include(source);
      }
    }
  });

  it('is built with packages that `npm run setup` knows as well', () => {
    const known = readFileSync(inRepository('deploy/setup.mjs'), 'utf8');
    const installs = dockerfile.filter(({ text }) => text.includes('apt-get install'));
    expect(installs.length).to.equal(2);
    for (const { text } of installs) {
      const [, words = ''] = /--no-install-recommends ([^&]*)/.exec(text) ?? [];
      for (const name of words.trim().split(/ +/)) expect(known).to.match(new RegExp(`^  '?${name}'?: '`, 'm'));
    }
  });

  it('begins with a program that is there and executable', () => {
    const [entry] = JSON.parse(lastStage(dockerfile).find(({ name }) => name === 'ENTRYPOINT')!.text) as string[];
    expect(statSync(inRepository(entry!.replace('/opt/slash32/', ''))).mode & 0o111).to.equal(0o111);
  });
});

describe('docker-compose.yml', () => {
  it('names images of the containerlab topology, and files that are there', () => {
    const topology = readFileSync(inRepository('e2e/fabric.clab.yml'), 'utf8');
    for (const { image, volumes, build } of Object.values(compose.services)) {
      expect(topology).to.include(`image: ${image}\n`);
      for (const volume of volumes) expect(existsSync(inRepository(volume.split(':')[0]!)), volume).to.equal(true);
      if (build) expect(existsSync(inRepository(`${build}/Dockerfile`))).to.equal(true);
    }
  });

  it('has a ToR that is configured as `slash32 tor-config` says for its nodes, which `slash32 config check` takes', async () => {
    const files = NODES.map((name) => inRepository(`deploy/compose/${name}.yaml`));
    for (const file of files) await execa(inRepository('bin/slash32'), ['config', 'check', file]);
    const { stdout } = await execa(inRepository('bin/slash32'), [
      'tor-config',
      '--vendor',
      'frr',
      '--config',
      ...files,
    ]);
    const [comment, ...rest] = readFileSync(inRepository('deploy/compose/tor1.conf'), 'utf8').trim().split('\n');
    expect(comment).to.match(/^! What `slash32 tor-config/);
    expect(rest.join('\n')).to.equal(stdout);
  });

  describe('as a fabric', () => {
    let lab: Lab;
    let directory: string;
    const nodes = new Map<string, Running>();

    before(async function () {
      this.timeout(120_000);
      directory = mkdtempSync(join(tmpdir(), 's32-compose-'));
      writeFileSync(join(directory, 'fabric.clab.yml'), asTopology(compose));
      lab = await Lab.forTests(join(directory, 'fabric.clab.yml'), { name: LAB, bare: true });
      await lab.node('tor1').startAll();
      for (const name of NODES) nodes.set(name, startContainer(lab, name));
      await peersUp(lab);
    });
    after(async () => {
      for (const running of nodes.values()) await signalProcess(running, 'SIGKILL');
      await lab?.down();
      rmSync(directory, { recursive: true, force: true });
    });

    it('gives two containers that ping each other through the ToR, by the one command of the documentation', async () => {
      const stand = join(directory, 'compose');
      const cases = [...nodes].map(([name, { pid }]) => `${name}) pid=${pid};;`).join(' ');
      const into = `exec ${beside('"$pid"', ['"$@"']).join(' ')}`;
      writeFileSync(
        stand,
        `#!/bin/sh\n[ "$1 $2" = "exec -T" ] || exit 9\ncase $3 in ${cases} esac\nshift 3\n${into}\n`,
      );
      chmodSync(stand, 0o755);
      const { stdout } = await execa(inRepository('deploy/compose/ping.sh'), [], { env: { COMPOSE: stand } });
      expect(stdout).to.match(/from 10\.20\.2\.1: .* ttl=61 /);
      expect(stdout).to.match(/from 2001:db8:20:2::1: .* ttl=61 /);
      await execa(inRepository('deploy/compose/ping.sh'), [], { env: { COMPOSE: stand } }); // Again changes nothing.
    });

    it('starts a controller again that was killed, with its containers, and says goodbye when the node is stopped', async () => {
      const killed = controllerOf(lab)!;
      await signalProcess(killed, 'SIGKILL');
      const asked = ['/opt/slash32/bin/slash32', 'endpoints'];
      const [program = '', ...words] = beside(nodes.get('node1')!.pid, asked);
      await until(async () => (await execa(program, words)).stdout.includes('10.20.1.1'), {
        what: 'the controller to know its container again',
      });
      expect(controllerOf(lab)!.pid).not.to.equal(killed.pid);
      expect(await torRoutes(lab)).to.include('10.20.1.1 ');
      await signalProcess(nodes.get('node1')!, 'SIGTERM');
      await until(async () => !(await torRoutes(lab)).includes('10.20.1.1 '), {
        what: 'the ToR to drop 10.20.1.1',
        timeout: 30_000, // It would keep it for 60 s without a goodbye.
      });
      expect(await torRoutes(lab)).to.include('10.20.2.1 ');
      expect(controllerOf(lab)).to.equal(undefined);
    });
  });
});

/** The controller of node1. */
const controllerOf = (lab: Lab) =>
  processesIn(inodeOf(lab.node('node1').namespace)).find(({ pid }) => {
    const [interpreter = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return interpreter.endsWith('node') && words.some((word) => word.endsWith('/slash32d'));
  });

const torRoutes = (lab: Lab) => lab.node('tor1').exec(['ip', 'route', 'show', 'proto', 'bgp']);

/** The entry point, with the image's files in place, as Docker would start it. */
function startContainer(lab: Lab, name: string): Running {
  const node = lab.node(name);
  const stage = lastStage(dockerfile);
  const entry = JSON.parse(stage.find((it) => it.name === 'ENTRYPOINT')!.text) as string[];
  const argv = [...entry, ...(compose.services[name]!.command ?? [])];
  const prepared = ['sh', '-c', OVERLAYS, 'sh', node.boundFile('/etc/slash32/node.yaml')];
  const inside = [...prepared, 'sh', '-c', imageScript(dockerfile), 'sh', ...argv];
  return launch(inNode(node.namespace, `/run/s32-${LAB}`, node.directory, inside), node.logFile('node'), process.env);
}
