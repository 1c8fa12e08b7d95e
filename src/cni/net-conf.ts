/**
 * The network configuration on stdin.
 *
 * Unknown keys are tolerated, as the specification wants (libcni leaves `capabilities` in, chains add their own); the
 * keys that are ours are checked strictly. A verb that cleans up reads the names only, so that no setting, however
 * wrong it has become, can stand between a container and its removal.
 */
import type { Address } from '../model/address.js';
import type { RouteTarget } from '../model/route-target.js';
import { askedVersion } from './asked-version.js';
import { CniError, CODE } from './cni-error.js';
import { decodeObject, decodeText, isObject, type JsonObject } from './decode-json.js';
import { refuseNotYet } from './not-yet.js';
import type { Dns, Result } from './result.js';
import { decodeResult } from './result-decode.js';
import { issuesOf } from './schema.js';
import { NAME, Named, Settings } from './settings.js';
import { inOurSpelling } from './spelling.js';
import { targetsOf } from './target-list.js';
import type { CniVersion } from './version.js';

/** What every verb may rely on. */
export interface NamedConf {
  readonly cniVersion: CniVersion;
  readonly name: string;
  /** The network of ours: the key `network`, else the name. */
  readonly network: string;
  /** The IPAM plugin to delegate to; undefined: the network's own pools. */
  readonly ipam: string | undefined;
  /** The configuration as it came, for delegates and records. */
  readonly text: string;
}

/** What an attachment needs, defaults filled in. */
export interface NetConf extends NamedConf {
  /** How far ADD waits: until gobgpd has taken the announcement, or not at all. */
  readonly wait: 'announced' | 'none';
  readonly waitSeconds: number;
  /** Undefined: what the node's configuration says. */
  readonly importTargets: readonly RouteTarget[] | undefined;
  readonly exportTargets: readonly RouteTarget[] | undefined;
  /** What leaves for where no containers live shall bear the node's address. */
  readonly ipMasq: boolean;
  /** Undefined: as the uplink. */
  readonly mtu: number | undefined;
  readonly dns: Dns;
  readonly runtimeConfig: { readonly ips: readonly Address[]; readonly mac: string | undefined };
  readonly argsCni: {
    readonly ips: readonly Address[];
    readonly mac: string | undefined;
    /** Of this one container, where the node's configuration allows it. */
    readonly importTargets: readonly RouteTarget[] | undefined;
    readonly exportTargets: readonly RouteTarget[] | undefined;
  };
  /** What earlier plugins of the chain have done. */
  readonly prevResult: Result | undefined;
}

/** The names alone. Throws CniError 5, 6, 7 or 1. */
export function namedConf(stdin: Uint8Array): NamedConf {
  return names(stdin).named;
}

/**
 * What was read last, by its bytes. A runtime sends each container of a network the same few hundred of them, and reading
 * depends on nothing else.
 */
const READ = new Map<string, NetConf>();
const MOST_READ = 16;
const MOST_READ_BYTES = 4096;

/** All of it. Throws CniError 5, 6, 7, 1, and 2 for what we cannot do yet. */
export function netConf(stdin: Uint8Array): NetConf {
  if (stdin.length > MOST_READ_BYTES) return readNetConf(stdin);
  const bytes = Buffer.from(stdin.buffer, stdin.byteOffset, stdin.length).toString('latin1');
  const conf = READ.get(bytes) ?? readNetConf(stdin);
  READ.delete(bytes);
  READ.set(bytes, conf);
  for (const [oldest] of READ) if (READ.size > MOST_READ) READ.delete(oldest);
  return conf;
}

function readNetConf(stdin: Uint8Array): NetConf {
  const { named, asWritten } = names(stdin);
  const decoded = Settings.safeParse(asWritten);
  if (!decoded.success) throw invalid(issuesOf(decoded.error));
  const settings = decoded.data;
  const { runtimeConfig, args, prevResult } = settings;
  if (named.ipam !== undefined && named.ipam === asWritten.type) {
    throw invalid(`ipam.type is ${named.ipam} itself, which would call itself without end`);
  }
  if (named.ipam === 'dhcp') throw dhcp();
  refuseNotYet({
    communities: settings.communities,
    'runtimeConfig.portMappings': runtimeConfig.portMappings,
    'runtimeConfig.bandwidth': runtimeConfig.bandwidth,
  });
  return {
    ...named,
    ...targets(settings),
    wait: settings.wait,
    waitSeconds: settings.waitSeconds,
    ipMasq: settings.ipMasq,
    mtu: settings.mtu,
    dns: runtimeConfig.dns ?? settings.dns,
    runtimeConfig: { ips: runtimeConfig.ips, mac: runtimeConfig.mac },
    argsCni: {
      ips: args.cni.ips,
      mac: args.cni.mac,
      importTargets: args.cni.SLASH32_IMPORT,
      exportTargets: args.cni.SLASH32_EXPORT,
    },
    prevResult: prevResult === undefined ? undefined : decodeResult(prevResult, 'prevResult'),
  };
}

function names(stdin: Uint8Array): { named: NamedConf; asWritten: JsonObject } {
  const asWritten = inOurSpelling(decodeObject(stdin, 'stdin'));
  const cniVersion = askedVersion(asWritten.cniVersion);
  const decoded = Named.safeParse(asWritten);
  if (!decoded.success) throw invalid(issuesOf(decoded.error));
  const { name } = decoded.data;
  const network = plainName(asWritten.network) ?? name;
  const ipam = isObject(asWritten.ipam) ? plainName(asWritten.ipam.type) : undefined;
  return { named: { cniVersion, name, network, ipam, text: decodeText(stdin, 'stdin') }, asWritten };
}

function plainName(value: unknown): string | undefined {
  return typeof value === 'string' && NAME.test(value) ? value : undefined;
}

function targets(settings: Settings): Pick<NetConf, 'importTargets' | 'exportTargets'> {
  const { importrt, importRTs, import_rt, import: imports, rt } = settings;
  const { exportrt, exportRTs, export_rt, export: exports } = settings;
  try {
    return {
      importTargets: targetsOf({ importrt, importRTs, import_rt, import: imports }, rt),
      exportTargets: targetsOf({ exportrt, exportRTs, export_rt, export: exports }, rt),
    };
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

/** Tried with Debian's plugin: without the link it fails, with it nobody hears it (e2e/main-job/ipam.test.ts). */
function dhcp(): CniError {
  return new CniError(
    CODE.unsupportedField,
    'ipam.type = "dhcp" is not supported: its daemon asks on the container\'s own link, which is made when the addresses are known, and which leads to this node alone',
    'give the network pools of its own, or name another IPAM plugin, like host-local',
  );
}

function invalid(why: string): CniError {
  return new CniError(CODE.invalidConfig, `invalid network configuration: ${why}`);
}
