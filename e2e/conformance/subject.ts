/** What is under test: a plugin binary, on a host that is ours alone. */
import type { Output } from '../lab/namespace.js';
import type { ExecuteOptions, Outcome, Stdin } from './execute.js';

/** A namespace that stands for a container. */
export interface Box {
  /** Its container id. */
  readonly name: string;
  readonly namespace: string;
  /** What CNI_NETNS says. */
  readonly netns: string;
  exec(argv: readonly string[]): Promise<string>;
  attempt(argv: readonly string[]): Promise<Output>;
  remove(): Promise<void>;
}

/** A daemon behind the plugin that a row may stop. */
export interface Controller {
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Signals the BGP engine behind it. */
  signalEngine(signal: NodeJS.Signals): Promise<void>;
  /** Has every BGP peer of the host shut its session, or take it up again. */
  peers(are: 'shut' | 'open'): Promise<void>;
}

export interface Subject {
  readonly name: string;
  readonly plugin: string;
  /** Our own: what differs is a failure. Otherwise it is an oracle, and what differs is news. */
  readonly isOurs: boolean;
  /** Undefined when the plugin works alone. */
  readonly controller: Controller | undefined;
  /** What CNI_NETNS would be for the host itself. */
  readonly hostNetns: string;
  /** Addresses of its range that no other row takes, IPv4. */
  readonly spareAddresses: readonly [string, string, string];
  /** Directories of CNI_PATH. */
  readonly path: string;
  /** A new container without interfaces. */
  box(): Promise<Box>;
  /** The network configuration as an operator would write it for this plugin, without `cniVersion`. */
  readonly conf: Readonly<Record<string, unknown>>;
  /** Another network on the same host. */
  readonly otherConf: Readonly<Record<string, unknown>>;
  /** Runs the plugin, or another one in its place, on the host. */
  execute(
    env: Readonly<Record<string, string>>,
    stdin: Stdin,
    options?: ExecuteOptions & { readonly program?: string },
  ): Promise<Outcome>;
  /** Runs a command on the host. */
  onHost(argv: readonly string[]): Promise<Output>;
  /** Everything that the plugin holds on the host, each by name: equal before and after when nothing leaked. */
  holdings(): Promise<object>;
  down(): Promise<void>;
}
