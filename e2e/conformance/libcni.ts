/**
 * A runtime's side of CNI as libcni 1.3 has it (containernetworking/cni, libcni/api.go): lists of plugins, capabilities,
 * prevResult from plugin to plugin, cached results, GC with both keys. No client on Debian speaks 1.1.0; this one does.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './execute.js';
import { inVersion } from './result-conversion.js';

/** One plugin of a list. */
export interface PluginConf {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

/** A .conflist. */
export interface ConfList {
  readonly cniVersion: string;
  readonly name: string;
  readonly disableCheck?: boolean;
  readonly disableGC?: boolean;
  readonly plugins: readonly PluginConf[];
}

/** One attachment, as a runtime describes it. */
export interface RuntimeConf {
  readonly containerID: string;
  readonly netns: string;
  readonly ifname: string;
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
}

/** Runs the plugin of this type, found on `path`. */
export type Exec = (type: string, env: Readonly<Record<string, string>>, stdin: string) => Promise<Outcome>;

/** Where plugins and cached results are. */
export interface Libcni {
  readonly exec: Exec;
  readonly path: string;
  /** A directory of the caller's. */
  readonly cache: string;
}

/** A plugin of a list has failed. `code` is its own. */
export class PluginFailed extends Error {
  override name = 'PluginFailed';
  readonly code: number | undefined;

  constructor(verb: string, type: string, { json, stdout, stderr }: Outcome) {
    super(`${verb} of ${type}: ${json?.msg ?? (stdout || stderr)}${json?.details ? `; ${json.details}` : ''}`);
    this.code = json?.code;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a result of any version
type Result = any;

/** Runs the list, hands each result on, and keeps the last one. */
export async function addNetworkList(libcni: Libcni, list: ConfList, runtime: RuntimeConf): Promise<Result> {
  let result: Result;
  for (const plugin of list.plugins) result = await run(libcni, 'ADD', list, plugin, runtime, { prevResult: result });
  mkdirSync(libcni.cache, { recursive: true });
  const cached = { kind: 'cniCacheV1', ...runtime, networkName: list.name, result };
  writeFileSync(cacheFile(libcni, list.name, runtime), JSON.stringify(cached));
  return result;
}

/** Runs the list backwards; from 0.4.0 on with what ADD answered, in the version that the list has now. */
export async function delNetworkList(libcni: Libcni, list: ConfList, runtime: RuntimeConf): Promise<void> {
  const prevResult = list.cniVersion < '0.4.0' ? undefined : cachedResult(libcni, list, runtime);
  for (const plugin of [...list.plugins].reverse()) await run(libcni, 'DEL', list, plugin, runtime, { prevResult });
  rmSync(cacheFile(libcni, list.name, runtime), { force: true });
}

/** Throws when a plugin finds something wrong, or when nothing was cached to compare with. */
export async function checkNetworkList(libcni: Libcni, list: ConfList, runtime: RuntimeConf): Promise<void> {
  if (list.cniVersion < '0.4.0') throw new Error(`configuration version "${list.cniVersion}" does not support CHECK`);
  if (list.disableCheck) return;
  const prevResult = cachedResult(libcni, list, runtime);
  if (!prevResult) throw new Error('there is no cached result to CHECK');
  for (const plugin of list.plugins) await run(libcni, 'CHECK', list, plugin, runtime, { prevResult });
}

/**
 * DEL for every cached attachment that is not valid, then GC of each plugin with both names of the key. Go prints a nil
 * slice as `null`, so that is what a runtime without containers sends: `valid` undefined.
 */
export async function gcNetworkList(
  libcni: Libcni,
  list: ConfList,
  valid: readonly Pick<RuntimeConf, 'containerID' | 'ifname'>[] | undefined,
): Promise<void> {
  if (list.disableGC) return;
  const isValid = (one: RuntimeConf) =>
    (valid ?? []).some(({ containerID, ifname }) => containerID === one.containerID && ifname === one.ifname);
  for (const one of cachedOf(libcni, list.name)) if (!isValid(one)) await delNetworkList(libcni, list, one);
  if (list.cniVersion < '1.1.0') return;
  const keys = { 'cni.dev/valid-attachments': valid ?? null, 'cni.dev/attachments': valid ?? null };
  for (const plugin of list.plugins) await run(libcni, 'GC', list, plugin, {}, keys);
}

/** Throws when a plugin says that ADD would not work. */
export async function statusNetworkList(libcni: Libcni, list: ConfList): Promise<void> {
  if (list.cniVersion < '1.1.0') return;
  for (const plugin of list.plugins) await run(libcni, 'STATUS', list, plugin, {}, {});
}

/** The versions that a plugin supports, asked with the dummies that libcni sends. */
export async function supportedVersions(libcni: Libcni, type: string, cniVersion: string): Promise<readonly string[]> {
  const env = { CNI_COMMAND: 'VERSION', CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' };
  const outcome = await libcni.exec(type, env, JSON.stringify({ cniVersion }));
  if (outcome.exitCode !== 0) throw new PluginFailed('VERSION', type, outcome);
  return outcome.json.supportedVersions;
}

async function run(
  libcni: Libcni,
  verb: string,
  list: ConfList,
  plugin: PluginConf,
  runtime: Partial<RuntimeConf>,
  injected: Readonly<Record<string, unknown>>,
): Promise<Result> {
  const conf = {
    ...plugin,
    name: list.name,
    cniVersion: list.cniVersion,
    ...runtimeConfig(plugin, runtime),
    ...injected,
  };
  const env = {
    ...{ CNI_COMMAND: verb, CNI_CONTAINERID: runtime.containerID ?? '', CNI_NETNS: runtime.netns ?? '' },
    ...{ CNI_IFNAME: runtime.ifname ?? '', CNI_ARGS: '', CNI_PATH: libcni.path },
  };
  const outcome = await libcni.exec(plugin.type, env, JSON.stringify(conf));
  if (outcome.exitCode !== 0) throw new PluginFailed(verb, plugin.type, outcome);
  return outcome.json;
}

/** Only what the plugin declares, and only what the runtime has. `capabilities` itself stays in, since libcni 1.1. */
function runtimeConfig({ capabilities = {} }: PluginConf, { capabilityArgs = {} }: Partial<RuntimeConf>): object {
  const asked = Object.entries(capabilityArgs).filter(([key]) => capabilities[key]);
  return asked.length > 0 ? { runtimeConfig: Object.fromEntries(asked) } : {};
}

function cacheFile({ cache }: Libcni, network: string, { containerID, ifname }: RuntimeConf): string {
  return join(cache, `${network}-${containerID}-${ifname}`);
}

/** Undefined when it is lost or cannot be read, as libcni has it since 2025. */
function cachedResult(libcni: Libcni, list: ConfList, runtime: RuntimeConf): Result {
  try {
    const { result } = JSON.parse(readFileSync(cacheFile(libcni, list.name, runtime), 'utf8'));
    return inVersion(result, list.cniVersion);
  } catch {
    return undefined;
  }
}

function cachedOf({ cache }: Libcni, network: string): RuntimeConf[] {
  if (!existsSync(cache)) return [];
  const all = readdirSync(cache).map((file) => JSON.parse(readFileSync(join(cache, file), 'utf8')));
  return all.filter(({ networkName }) => networkName === network);
}
