/**
 * A lab: the nodes of a topology file as network namespaces, wired and running, on one Linux host without containers.
 *
 * `Lab.up` makes it, `Lab.find` gets hold of one that is up, also from another process, `down` removes it. Everything
 * is called `s32-<lab>...`, and what is made is written down first (state.ts), so removal never has to guess.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { Container } from './container.js';
import { makeHost } from './host.js';
import { namespacePath, removeNamespace } from './namespace.js';
import { LabNode, nodeNamespace } from './node.js';
import { prepareRun, unmountRuns } from './private-run.js';
import { identify, isAlive, signalProcess } from './process.js';
import { claim, type LabState, labDirectory, load, save } from './state.js';
import { LAB_NAME, readTopology, type Topology } from './topology.js';

/** What `Lab.up` may be told. */
export interface LabOptions {
  /** Instead of the file's own name: lets the same topology run twice. */
  readonly name?: string;
  /** Do not start the nodes' processes. */
  readonly bare?: boolean;
  /** More is to come until it is whole: it counts as starting until `finished`. */
  readonly unfinished?: boolean;
}

/** A lab of that name is there already. Nothing was changed. */
export class LabExists extends Error {
  override name = 'LabExists';
}

export class Lab {
  readonly name: string;
  readonly topology: Topology;
  readonly nodes: ReadonlyMap<string, LabNode>;
  readonly #state: LabState;

  private constructor(topology: Topology, state: LabState) {
    this.name = state.name;
    this.topology = topology;
    this.nodes = new Map([...topology.nodes.values()].map((spec) => [spec.name, new LabNode(spec, state)]));
    this.#state = state;
  }

  /**
   * Brings a topology up, until every process accepts connections. Throws LabExists when the name is taken; after any
   * other failure it has removed what it made, and the error has the end of the log that matters.
   */
  static async up(file: string, options: LabOptions = {}): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new Error('a lab needs root: it makes network namespaces (try: sudo)');
    const topology = readTopology(file);
    const name = options.name ?? topology.name;
    if (!LAB_NAME.test(name))
      throw new Error(`not a name for a lab: "${name}" (lower-case letters, digits and dashes)`);
    const state = initialState(name, topology);
    takeName(state);
    copyFileSync(file, state.topology);
    const lab = new Lab(topology, state);
    try {
      await lab.#build(options);
      if (!options.unfinished) lab.finished();
      return lab;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /**
   * A lab that lives no longer than this process: one of the name whose runner is gone was left by a killed run, and is
   * removed.
   */
  static async forTests(file: string, options: LabOptions = {}): Promise<Lab> {
    const left = Lab.find(options.name ?? readTopology(file).name);
    if (left && !isAlive(left.#state.runner)) await left.down();
    return Lab.up(file, options);
  }

  /** A lab that is up, or was left half-way by a runner that was killed. */
  static find(name: string): Lab | undefined {
    const state = load(name);
    return state && new Lab(readTopology(state.topology), state);
  }

  /** When it came up, for people: ISO 8601. */
  get since(): string {
    return this.#state.since;
  }

  /** `starting` with its runner gone is a wreck: only `down` helps. */
  get condition(): 'up' | 'starting' | 'wreck' {
    if (this.#state.phase === 'up') return 'up';
    return isAlive(this.#state.runner) ? 'starting' : 'wreck';
  }

  /** It is whole now, and outlives who made it. */
  finished(): void {
    this.#state.phase = 'up';
    save(this.#state);
  }

  /** A node by name. */
  node(name: string): LabNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`lab ${this.name} has no node "${name}" (it has: ${[...this.nodes.keys()].join(', ')})`);
    return node;
  }

  /** Makes a namespace that stands for a container of a node. */
  container(node: string, name: string): Promise<Container> {
    return Container.create(this.node(node), name, this.#state);
  }

  /** Removes the lab: its processes, its namespaces with everything in them, its directory. Returns what it removed. */
  async down(): Promise<{ readonly processes: number; readonly namespaces: readonly string[] }> {
    const { processes, namespaces, name } = this.#state;
    const alive = processes.filter(isAlive);
    await Promise.all(alive.map((it) => signalProcess(it, 'SIGKILL')));
    const existing = namespaces.filter((it) => existsSync(namespacePath(it)));
    for (const namespace of existing) await removeNamespace(namespace);
    await unmountRuns(labDirectory(name));
    rmSync(labDirectory(name), { recursive: true, force: true });
    return { processes: alive.length, namespaces: existing };
  }

  async #build(options: LabOptions): Promise<void> {
    const frr = await frrUser();
    for (const node of this.nodes.values()) {
      await makeHost(node.namespace);
      await prepareRun(node.directory, frr);
    }
    for (const [a, b] of this.topology.links) await link(this.node(a.node), a.device, this.node(b.node), b.device);
    for (const node of this.nodes.values()) await this.#furnish(node);
    if (!options.bare) await Promise.all([...this.nodes.values()].map((node) => node.startAll()));
  }

  async #furnish(node: LabNode): Promise<void> {
    const { binds, exec } = this.topology.nodes.get(node.name)!;
    for (const { source, target } of binds) {
      mkdirSync(dirname(node.boundFile(target)), { recursive: true });
      cpSync(source, node.boundFile(target), { recursive: true });
    }
    for (const argv of exec) await node.exec(argv);
  }
}

function initialState(name: string, topology: Topology): LabState {
  return {
    name,
    topology: `${labDirectory(name)}/lab.clab.yml`,
    since: new Date().toISOString(),
    runner: identify(process.pid)!,
    phase: 'starting',
    namespaces: [...topology.nodes.keys()].map((node) => nodeNamespace(name, node)),
    processes: [],
  };
}

/** From here on the state says that these namespaces are ours, so they must not be somebody else's. */
function takeName(state: LabState): void {
  const taken = new LabExists(
    `lab "${state.name}" is there already (${labDirectory(state.name)}); nothing was changed`,
  );
  if (existsSync(labDirectory(state.name))) throw taken;
  const foreign = state.namespaces.find((it) => existsSync(namespacePath(it)));
  if (foreign)
    throw new Error(`a network namespace "${foreign}" is not of a lab; remove it: ip netns delete ${foreign}`);
  if (!claim(state)) throw taken;
}

/** Both ends are made where they belong; neither ever shows on the host. */
async function link(a: LabNode, deviceA: string, b: LabNode, deviceB: string): Promise<void> {
  const [left, right] = [
    ['name', deviceA, 'netns', a.namespace],
    ['name', deviceB, 'netns', b.namespace],
  ];
  await execa('ip', ['link', 'add', ...left, 'type', 'veth', 'peer', ...right]);
  await execa('ip', ['-n', a.namespace, 'link', 'set', deviceA, 'up']);
  await execa('ip', ['-n', b.namespace, 'link', 'set', deviceB, 'up']);
}

/** Debian's FRR gives up root for its own user, who must be able to make sockets. Undefined where it is not installed. */
async function frrUser(): Promise<{ uid: number; gid: number } | undefined> {
  const known = await execa('getent', ['passwd', 'frr'], { reject: false });
  const [, , uid, gid] = known.stdout.split(':').map(Number);
  return uid !== undefined && gid !== undefined ? { uid, gid } : undefined;
}
