/**
 * Addresses from somebody else's IPAM plugin (specification section 4): found in CNI_PATH, executed with the same
 * configuration and variables, its failure passed on with its own code. Of its answer only the host bits count:
 * host-local says 10.20.1.10/24, the endpoint gets 10.20.1.10/32.
 *
 * A delegate is spoken to in a version that it lists. Debian's plugins end at 1.0.0 and refuse 1.1.0 outright, also for
 * DEL, so asking in ours would leak the address.
 */
import type { Address, Prefix } from '../model/address.js';
import type { Endpoint, EndpointId } from '../model/endpoint.js';
import type { Network } from '../model/network.js';
import { askedVersion } from './asked-version.js';
import { CniError, CODE } from './cni-error.js';
import { decodeObject, isObject, type JsonObject } from './decode-json.js';
import { findPlugin, type Plugin } from './find-plugin.js';
import { withPodCidrs } from './pod-cidr.js';
import type { DelRequest } from './request.js';
import type { Dns } from './result.js';
import { decodeResult } from './result-decode.js';
import { encodeResult } from './result-encode.js';
import { type Executed, runPlugin } from './run-plugin.js';
import { atLeast, type CniVersion, isVersion, VERSIONS } from './version.js';

/** What it takes to ask a delegate, now and after a restart. */
export type Delegation = NonNullable<Endpoint['delegatedIpam']>;

/** Whom the addresses are for. */
export interface Attachment extends EndpointId {
  /** Undefined when the runtime has lost it. */
  readonly netns: string | undefined;
}

export interface IpamAnswer {
  /** At least one; how many of which family is for the verb to judge. */
  readonly addresses: readonly Address[];
  readonly routes: readonly Prefix[];
  readonly dns: Dns;
}

/** All throw CniError: the delegate's own, or 7 or 105 when it did not get as far as having one. */
export interface DelegatedIpam {
  /** Takes addresses. When it throws, or is called off, `del` must follow: the plugin may have come halfway. */
  add(delegation: Delegation, attachment: Attachment, signal?: AbortSignal): Promise<IpamAnswer>;
  /** Gives back whatever the attachment holds; nothing is fine. */
  del(delegation: Delegation, attachment: Attachment): Promise<void>;
  /** Is the reservation still there? A delegate that lists nothing from 0.4.0 on has no answer, and that is fine. */
  check(delegation: Delegation, attachment: Attachment, signal?: AbortSignal): Promise<void>;
  /** Can it give addresses? From 1.1.0 on. */
  status(delegation: Delegation, signal?: AbortSignal): Promise<void>;
  /** Passes a GC on. From 1.1.0 on. */
  gc(delegation: Delegation, signal?: AbortSignal): Promise<void>;
}

/** Most characters of what a delegate says for itself: an answer of ours has its limit too. */
const MAX_WORDS = 4096;

type DelegatedVerb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC';

const SINCE: { readonly [V in DelegatedVerb]: CniVersion } = {
  ADD: '0.1.0',
  DEL: '0.1.0',
  CHECK: '0.4.0',
  STATUS: '1.1.0',
  GC: '1.1.0',
};

/**
 * What a request delegates, in the form that an endpoint's record keeps. Undefined: our own pools give the addresses.
 * @param network of this node, which knows what `usePodCidr` stands for
 */
export function delegationOf(
  { conf, argsText, path }: Pick<DelRequest, 'conf' | 'argsText' | 'path'>,
  network?: Pick<Network, 'pools'>,
): Delegation | undefined {
  if (conf.ipam === undefined) return undefined;
  const netConf = withPodCidrs(conf.text, network?.pools ?? []);
  return { type: conf.ipam, netConf, args: argsText, path: path.join(':') };
}

/** What a delegate says against it, in one sentence that names it; nothing when it is content. */
export async function complaintsOf({ type }: Delegation, asked: Promise<void>): Promise<string[]> {
  try {
    await asked;
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [message.startsWith(nameOf(type)) ? message : `${nameOf(type)}: ${message}`];
  }
}

/** Asks delegates. @param timeout milliseconds that one execution may take */
export function delegatedIpam(timeout = 10_000): DelegatedIpam {
  const listed = new Map<string, { readonly stamp: string; readonly versions: readonly CniVersion[] }>();

  async function versionsOf(plugin: Plugin, signal: AbortSignal | undefined): Promise<readonly CniVersion[]> {
    const known = listed.get(plugin.file);
    if (known?.stamp === plugin.stamp) return known.versions;
    const versions = await askVersions(plugin, timeout, signal);
    listed.set(plugin.file, { stamp: plugin.stamp, versions });
    return versions;
  }

  /** Undefined when the delegate knows no such verb. */
  async function ask(verb: DelegatedVerb, delegation: Delegation, whose?: Attachment, signal?: AbortSignal) {
    const plugin = await findPlugin(delegation.type, delegation.path.split(':').filter(Boolean));
    const { version, stdin } = inItsVersion(delegation, await versionsOf(plugin, signal), plugin);
    if (!atLeast(version, SINCE[verb])) return undefined;
    const variables = { CNI_COMMAND: verb, CNI_PATH: delegation.path, ...(whose && variablesOf(whose, delegation)) };
    const executed = await runPlugin({ file: plugin.file, variables, stdin, timeout, signal });
    return outputOf(executed, plugin, verb);
  }

  return {
    add: async (delegation, attachment, signal) =>
      answerIn((await ask('ADD', delegation, attachment, signal)) ?? '', delegation.type),
    del: async (delegation, attachment) => void (await ask('DEL', delegation, attachment)),
    check: async (delegation, attachment, signal) => void (await ask('CHECK', delegation, attachment, signal)),
    status: async (delegation, signal) => void (await ask('STATUS', delegation, undefined, signal)),
    gc: async (delegation, signal) => void (await ask('GC', delegation, undefined, signal)),
  };
}

async function askVersions({ file, type }: Plugin, timeout: number, signal: AbortSignal | undefined) {
  const stdin = JSON.stringify({ cniVersion: '1.0.0' });
  const executed = await runPlugin({ file, variables: { CNI_COMMAND: 'VERSION' }, stdin, timeout, signal });
  const output = outputOf(executed, { type }, 'VERSION');
  const { supportedVersions } = readable(type, () => decodeObject(Buffer.from(output), 'its answer'));
  const versions = Array.isArray(supportedVersions) ? supportedVersions.filter(isVersion) : [];
  if (versions.length > 0) return versions;
  throw failed(type, 'lists no version of CNI that slash32 knows', `slash32 knows ${VERSIONS.join(', ')}`);
}

/** The configuration in the version asked for where the delegate lists it, else in its newest. */
function inItsVersion({ netConf }: Delegation, versions: readonly CniVersion[], { type }: Pick<Plugin, 'type'>) {
  const conf = decodeObject(Buffer.from(netConf), `the recorded configuration for IPAM plugin ${type}`);
  const asked = askedVersion(conf.cniVersion);
  const version = versions.includes(asked) ? asked : VERSIONS.findLast((one) => versions.includes(one))!;
  const { prevResult, ...rest } = conf;
  // A plugin reads prevResult in the version of the configuration, so it must be said in that one too.
  const previous = isObject(prevResult)
    ? { prevResult: encodeResult(decodeResult(prevResult, 'prevResult'), version) }
    : {};
  return { version, stdin: JSON.stringify({ ...rest, cniVersion: version, ...previous }) };
}

function variablesOf({ containerId, ifname, netns }: Attachment, { args }: Delegation) {
  return { CNI_CONTAINERID: containerId, CNI_IFNAME: ifname, CNI_NETNS: netns ?? '', CNI_ARGS: args };
}

/** What it printed, when it succeeded. Throws its own error, or ours when it has none that can be read. */
function outputOf(executed: Executed, { type }: Pick<Plugin, 'type'>, verb: DelegatedVerb | 'VERSION'): string {
  const { end, exitCode, stdout, stderr } = executed;
  if (end === 'exited' && exitCode === 0) return stdout;
  if (end !== 'exited') throw failed(type, `${verb}: ${end}`, lastLine(stderr));
  const { code, msg, details } = errorIn(stdout);
  if (typeof code !== 'number' || typeof msg !== 'string') {
    throw failed(type, `${verb}: exit code ${exitCode} without a CNI error`, lastLine(stderr));
  }
  const more = typeof details === 'string' && details !== '' ? details.slice(0, MAX_WORDS) : undefined;
  throw new CniError(code, msg.slice(0, MAX_WORDS), more);
}

function errorIn(stdout: string): JsonObject {
  try {
    return decodeObject(Buffer.from(stdout), 'its answer');
  } catch {
    return {};
  }
}

function answerIn(stdout: string, type: string): IpamAnswer {
  const { ips, routes, dns } = readable(type, () =>
    decodeResult(decodeObject(Buffer.from(stdout), 'its answer'), 'its answer'),
  );
  if (ips.length === 0) throw failed(type, 'its answer has no address');
  return { addresses: ips.map((ip) => ip.address), routes: routes.map((route) => route.dst), dns };
}

/** Our decoders blame whoever sent the text, which here is the delegate. */
function readable<T>(type: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failed(type, (error as Error).message);
  }
}

function nameOf(type: string): string {
  return `IPAM plugin ${type}`;
}

function failed(type: string, why: string, details?: string): CniError {
  return new CniError(CODE.ipamFailed, `${nameOf(type)}: ${why}`, details || undefined);
}

/** Plugins print their reason last. Bounded, since it may be anything. */
function lastLine(stderr: string): string {
  return stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}
