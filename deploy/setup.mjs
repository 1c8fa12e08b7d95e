#!/usr/bin/env node
/**
 * Makes this checkout ready to run: Debian packages, node_modules, build. `npm test` and `npm run demo` begin here, so it
 * imports nothing but Node itself, does only what is missing, and with --quiet says nothing when nothing is.
 *
 * Packages bring services (frr, gobgpd) that nobody asked for: those it installs are neither started nor enabled, those
 * that were there before are not touched.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_AT_LEAST = [20, 19];

/** Debian's packages, each with what it is for. */
const PACKAGES = {
  gobgpd: 'the BGP engine beside each controller',
  frr: 'the ToR of the demo and the tests',
  bird2: 'another ToR: what slash32 tor-config prints for BIRD is loaded into it',
  'containernetworking-plugins': 'host-local and other plugins that slash32 delegates to',
  iproute2: 'network namespaces and links of the lab',
  nftables: 'shows what filters are in the kernel',
  'iputils-ping': 'proves that packets flow',
  procps: 'sysctl and ps in the lab',
  'util-linux': 'mount and unshare in the lab',
  tcpdump: 'shows packets when something does not flow',
  make: 'builds the forwarder in plugin/',
  gcc: 'compiles the forwarder',
  'libc6-dev': 'links the tools of the benchmarks',
  'musl-tools': 'links the forwarder to a C library that starts in no time',
  'gcc-bpf': 'compiles the shortcut in bpf/',
  containerd: 'a real client of the plugin: ctr, and the CRI as kubelet drives it',
  runc: 'runs the containers of containerd and podman',
  podman: 'a real client of the plugin, with its CNI back end',
  'busybox-static': 'all that is in the images of the tests, which are made without a network',
};
/** What a package would start, or have started at the next boot. */
const UNITS = {
  frr: ['frr.service'],
  bird2: ['bird.service'],
  gobgpd: ['gobgpd.service'],
  containerd: ['containerd.service'],
  podman: [
    'podman.service',
    'podman.socket',
    'podman-restart.service',
    'podman-auto-update.timer',
    'podman-auto-update.service',
  ],
};

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# placed by slash32 deploy/setup.mjs for the time of an installation';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isQuiet = process.argv.includes('--quiet');
const started = performance.now();

try {
  requireNode();
  installPackages();
  installModules();
  build();
  if (!isQuiet) say('ready');
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_AT_LEAST;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(
    `Node ${NODE_AT_LEAST.join('.')} or newer is needed, this is ${process.versions.node}: https://nodejs.org/en/download`,
  );
}

function installPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const list = missing.map((name) => `\n    ${name.padEnd(28)} ${PACKAGES[name]}`).join('');
  if (process.getuid() !== 0) {
    say(`skipped, because only root may install them; the demo and the end to end tests need them:${list}`);
    return;
  }
  say(`installing ${missing.length} Debian package${missing.length > 1 ? 's' : ''}:${list}`);
  withoutServiceStarts(() => {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...missing);
  });
  for (const name of missing) UNITS[name]?.forEach(disable);
  say('packages installed; their services are neither started nor enabled');
}

/** Empty also where there is no dpkg: then it is the reader who knows how packages are called. */
function missingPackages() {
  const names = Object.keys(PACKAGES);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const query = spawnSync('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\\n', ...names], { encoding: 'utf8' });
  if (query.error) {
    say(`skipped: this is not a Debian; make sure that you have ${names.join(', ')}`);
    return [];
  }
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-q', ...args], { env, captured: true });
}

/** Maintainer scripts ask policy-rc.d before they start a service; 101 means no. One that is there already stays. */
function withoutServiceStarts(work) {
  const ours = () => existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(POLICY_MARK);
  if (ours()) rmSync(POLICY); // Left by a run that was killed.
  if (existsSync(POLICY)) return work();
  // An interrupt ends apt-get, which makes us stop as well: but in order.
  const ignore = () => {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, ignore);
  try {
    writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`);
    chmodSync(POLICY, 0o755);
    return work();
  } finally {
    rmSync(POLICY, { force: true });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, ignore);
  }
}

/** Takes the links away that make a service start at boot, for systemd and for its predecessor; whichever is there. */
function disable(unit) {
  spawnSync('systemctl', ['disable', unit]);
  if (unit.endsWith('.service')) spawnSync('update-rc.d', [unit.replace(/\.service$/, ''), 'disable']);
}

function installModules() {
  const modules = join(root, 'node_modules');
  const isLinked = lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink(); // Then it is its owner's business.
  const installed = modified(join(modules, '.package-lock.json'));
  if (isLinked || installed >= modified(join(root, 'package-lock.json'))) return;
  say('npm ci');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { captured: true });
}

function build() {
  const stamp = join(root, 'dist/.built');
  const isBuilt = existsSync(join(root, 'plugin/slash32')) && modified(stamp) > newestSource();
  if (isBuilt) return;
  say('build');
  run('npm', ['run', '-s', 'build'], {});
  removeOrphans(join(root, 'dist'), root);
  writeFileSync(stamp, '');
}

/** Directories count too: removing a file changes only them. What the build itself writes there is older than its stamp. */
function newestSource() {
  const sources = ['src', 'e2e', 'bench', 'plugin', 'bpf']
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
  const files = sources.flatMap((path) => [
    path,
    ...readdirSync(path, { recursive: true }).map((name) => join(path, name)),
  ]);
  return Math.max(...[...files, join(root, 'tsconfig.json'), join(root, 'package.json')].map(modified));
}

/** The compiler leaves what it made of sources that are gone: an old test would still run. */
function removeOrphans(built, sources) {
  for (const entry of readdirSync(built, { withFileTypes: true })) {
    const output = join(built, entry.name);
    const source = join(sources, entry.name.replace(/\.js(\.map)?$/, '.ts'));
    if (entry.isDirectory() && existsSync(source)) removeOrphans(output, source);
    else if (entry.isDirectory() || (/\.js(\.map)?$/.test(entry.name) && !existsSync(source)))
      rmSync(output, { recursive: true });
  }
}

/** When a file changed, in milliseconds; 0 when there is none. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs a command in the checkout. What is captured is shown only when it fails. */
function run(program, args, { env = process.env, captured = false }) {
  const stdio = captured ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const done = spawnSync(program, args, { cwd: root, env, stdio, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status === 0) return;
  const said = captured ? `\n${`${done.stdout}${done.stderr}`.trim().split('\n').slice(-60).join('\n')}` : '';
  throw new Error(
    `"${program} ${args.join(' ')}" failed (${done.error?.message ?? done.signal ?? done.status})${said}`,
  );
}

/** A line of progress, on stderr: stdout belongs to what comes after. */
function say(text) {
  process.stderr.write(`setup ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}\n`);
}
