/** One node of a running lab: its commands, its processes, its logs. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { GOBGP_API, type ProcessSpec, processesOf } from './image.js';
import { attempt, inodeOf, type Output, succeed } from './namespace.js';
import { inNode } from './private-run.js';
import { commandOf, identify, isAlive, launch, processesIn, type Running, signalProcess } from './process.js';
import { inRepository } from './repository.js';
import { type LabState, labDirectory, save } from './state.js';
import type { NodeSpec } from './topology.js';
import { until } from './until.js';

/** What a start may change: variables of the environment, on top of the topology's. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another program instead of the usual one, with the same arguments. */
  readonly program?: readonly string[];
}

export class LabNode {
  readonly name: string;
  /** Its network namespace, by name. */
  readonly namespace: string;
  /**
   * Its directory on the host: `slash32/` and `frr/` are its /run/slash32 and /run/frr, `etc/` holds its bound files, `log/`
   * its logs.
   */
  readonly directory: string;
  readonly #spec: NodeSpec;
  readonly #state: LabState;

  constructor(spec: NodeSpec, state: LabState) {
    this.name = spec.name;
    this.namespace = nodeNamespace(state.name, spec.name);
    this.directory = `${labDirectory(state.name)}/${spec.name}`;
    this.#spec = spec;
    this.#state = state;
  }

  /** Runs a command in the node (its network, its /run); returns what it printed. Throws when it fails. */
  async exec(argv: readonly string[]): Promise<string> {
    return succeed(await this.attempt(argv), argv, this.name);
  }

  /** Runs a command in the node; returns exit code and output. */
  attempt(argv: readonly string[], input?: string): Promise<Output> {
    return attempt(inNode(this.namespace, labDirectory(this.#state.name), this.directory, argv), input);
  }

  /** Asks gobgpd, with Debian's own client: `-j neighbor`. Throws when it refuses. */
  gobgp(...words: readonly string[]): Promise<string> {
    return this.exec(['gobgp', '--target', GOBGP_API, ...words]);
  }

  /** Our own command line: `status`. Its exit code may be part of the answer. */
  slash32(...words: readonly string[]): Promise<Output> {
    return this.attempt([inRepository('bin/slash32'), ...words]);
  }

  /** Asks FRR, as an engineer would: `show ip route bgp json`. */
  vtysh(command: string): Promise<string> {
    return this.exec(['vtysh', '-c', command]);
  }

  /** The same, for a command that ends in `json`. */
  async vtyshJson<T>(command: string): Promise<T> {
    return JSON.parse(await this.vtysh(command)) as T;
  }

  /** Where the node's forwarder finds its controller. */
  get cniSocket(): string {
    return `${this.directory}/slash32/cni.sock`;
  }

  /** The host's path of a file that the topology binds to `target`: a copy, so a test may change it. */
  boundFile(target: string): string {
    return this.directory + target;
  }

  /** The names of what its image runs, in starting order. */
  get processes(): readonly string[] {
    return this.#specs().map((spec) => spec.name);
  }

  /** Starts one of its processes and waits until it accepts connections. Throws, with the end of its log, if it ends before. */
  async start(name: string, options: StartOptions = {}): Promise<void> {
    const spec = this.#processSpec(name);
    if (this.#started(name)) throw new Error(`${name} runs on ${this.name} already`);
    const program = options.program ? [...options.program, ...spec.argv.slice(1)] : spec.argv;
    const argv = inNode(this.namespace, labDirectory(this.#state.name), this.directory, program);
    const running = launch(argv, this.logFile(name), { ...process.env, ...this.#spec.env, ...options.env });
    this.#remember(name, running);
    await this.#untilReady(spec, running);
    if (spec.afterwards) await this.exec(spec.afterwards);
  }

  /** Starts all that its image runs. */
  async startAll(): Promise<void> {
    for (const name of this.processes) await this.start(name);
  }

  /** Signals a process, and waits for its end, or standstill after SIGSTOP; not after SIGCONT or SIGHUP. */
  async kill(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const pid = this.pid(name);
    const running = pid === undefined ? undefined : identify(pid);
    if (!running) throw new Error(`${name} does not run on ${this.name}`);
    await signalProcess(running, signal);
  }

  /** Ends a process and starts it again. */
  async restart(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(name, signal);
    await this.start(name);
  }

  /** The process id; undefined when it does not run. A name the lab did not start (a child) is looked up in the namespace. */
  pid(name: string): number | undefined {
    return this.#started(name)?.pid ?? this.#inNamespace(name);
  }

  /** What a process has printed: all of it, or the last so many lines. */
  log(name: string, lines = Number.POSITIVE_INFINITY): string {
    const file = this.logFile(name);
    const all = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return all.slice(-lines).join('\n');
  }

  /** Where a process's output goes. */
  logFile(name: string): string {
    return `${this.directory}/log/${name}.log`;
  }

  #specs(): readonly ProcessSpec[] {
    return processesOf(this.#spec, this.directory);
  }

  #processSpec(name: string): ProcessSpec {
    const spec = this.#specs().find((it) => it.name === name);
    if (!spec)
      throw new Error(`${this.name} has no process "${name}" (it has: ${this.processes.join(', ') || 'none'})`);
    return spec;
  }

  #started(name: string): Running | undefined {
    return this.#state.processes.find((it) => it.node === this.name && it.name === name && isAlive(it));
  }

  #inNamespace(name: string): number | undefined {
    return processesIn(inodeOf(this.namespace)).find(({ pid }) => commandOf(pid) === name.slice(0, 15))?.pid;
  }

  #remember(name: string, running: Running): void {
    const others = this.#state.processes.filter((it) => it.node !== this.name || it.name !== name);
    this.#state.processes = [...others, { node: this.name, name, ...running }];
    save(this.#state);
  }

  async #untilReady(spec: ProcessSpec, running: Running): Promise<void> {
    const socket = `${this.directory}/${spec.ready}`;
    const isReadyOrOver = async () => !isAlive(running) || (await accepts(socket));
    try {
      await until(isReadyOrOver, { what: `it to accept connections on ${socket}`, timeout: 60_000 });
      if (!isAlive(running)) throw new Error('it has ended at once');
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`${spec.name} on ${this.name} does not start: ${why}; its log:\n${this.log(spec.name, 15)}`);
    }
  }
}

/** The network namespace of a node or container. */
export function nodeNamespace(lab: string, node: string): string {
  return `s32-${lab}-${node}`;
}

/** Does somebody listen there? A socket file alone says nothing: it stays behind after a kill. */
export function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('connect', () => connection.destroy());
  });
}
