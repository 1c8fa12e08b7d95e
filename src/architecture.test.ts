/** The import table of src/README.md, enforced. Wire types stay behind their door, and the middle stays pure. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Module -> modules of ours it may import. A file at the top of src is a module of its own. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  decide: ['model'],
  ports: ['model'],
  reconcile: ['model', 'decide', 'ports'],
  flock: [],
  'boot-time': [],
  'private-directory': [],
  netlink: [],
  kernel: ['model', 'ports', 'netlink'],
  gobgp: ['model', 'ports'],
  sidecar: ['gobgp', 'log', 'private-directory'],
  disk: ['model', 'ports', 'flock', 'private-directory'],
  log: [],
  version: [],
  cni: ['model', 'ports', 'decide', 'reconcile', 'flock', 'boot-time', 'private-directory'],
  config: ['model', 'log'],
  metrics: ['model', 'ports', 'decide', 'reconcile'],
  admin: ['model', 'ports', 'decide', 'reconcile'],
  'tor-config': ['model'],
  cli: ['model', 'admin', 'config', 'sidecar', 'tor-config', 'version'],
};

/** npm packages that only one module may know. */
const ONLY: Record<string, string> = {
  koffi: 'netlink flock boot-time',
  commander: 'cli',
  '@grpc/grpc-js': 'gobgp',
  protobufjs: 'gobgp',
  zod: 'config cni disk',
  winston: 'log',
  'prom-client': 'metrics',
};

/** Node's own modules that do I/O have no place in the pure middle. */
const PURE = ['model', 'decide', 'ports', 'tor-config'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly module: string;
  readonly target: string;
}

function moduleOf(path: string): string {
  return (path.split(sep)[0] ?? '').replace(/\.[jt]s$/, '');
}

function imports(): Import[] {
  const files = (readdirSync(SRC, { recursive: true }) as string[]).filter(
    (file) => file.endsWith('.ts') && !/\.(test|contract)\.ts$|stories/.test(file),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    return [...text.matchAll(/^(?:import|export)[^'"]*?from\s+['"]([^'"]+)['"]/gms)].map(([, from = '']) => ({
      file,
      from,
      module: moduleOf(file),
      target: from.startsWith('.') ? moduleOf(normalize(join(dirname(file), from))) : from,
    }));
  });
}

describe('the architecture', () => {
  const all = imports();

  it('has imports to look at', () => {
    expect(all.length).to.be.greaterThan(20);
  });

  it('lets imports point one way only, and main alone wires', () => {
    const wrong = all
      .filter(({ from, module, target }) => from.startsWith('.') && module !== 'main' && target !== module)
      .filter(({ module, target }) => !MAY_IMPORT[module]?.includes(target))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(wrong).to.eql([]);
  });

  it('keeps foreign types behind their own door', () => {
    const wrong = all
      .filter(({ from, module }) => ONLY[from] && !ONLY[from].split(' ').includes(module))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(wrong).to.eql([]);
  });

  it('keeps the middle pure: no I/O, no clock, no packages', () => {
    const wrong = all
      .filter(({ from, module }) => PURE.includes(module) && !from.startsWith('.'))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(wrong).to.eql([]);
  });
});
