/**
 * One verb as the runtime asks for it: environment and stdin, checked once, here.
 *
 * Checked in the order of CNI's own skel: variables, their form, configuration, version. What cleans up (DEL) is read
 * with the least demands: it must never fail because of something that it does not need.
 */
import type { EndpointId } from '../model/endpoint.js';
import { quoted } from '../model/quoted.js';
import { type CniArgs, cniArgs } from './cni-args.js';
import { CniError, CODE } from './cni-error.js';
import { decodeObject } from './decode-json.js';
import { containerId, type Environment, environment, interfaceName, requireVariables } from './environment.js';
import type { Frame } from './frame.js';
import { type NamedConf, type NetConf, namedConf, netConf } from './net-conf.js';
import type { Result } from './result.js';
import { validAttachments } from './valid-attachments.js';
import { atLeast, type CniVersion, NEWEST, VERSIONS } from './version.js';

export type CniRequest = AddRequest | DelRequest | CheckRequest | StatusRequest | GcRequest | VersionRequest;
export type Verb = CniRequest['verb'];

/** Where plugins are: the directories of CNI_PATH. */
interface Searching {
  readonly path: readonly string[];
}

export interface AddRequest extends EndpointId, Searching {
  readonly verb: 'ADD';
  readonly netns: string;
  readonly args: CniArgs;
  /** CNI_ARGS as it came, for a delegate. */
  readonly argsText: string;
  readonly conf: NetConf;
}

export interface DelRequest extends EndpointId, Searching {
  readonly verb: 'DEL';
  /** Undefined when the runtime has lost it, or the namespace is gone. */
  readonly netns: string | undefined;
  readonly argsText: string;
  readonly conf: NamedConf;
  /** A tombstone's: when it was asked for, in nanoseconds since boot. What was attached later is not meant. */
  readonly queuedAt?: bigint;
}

export interface CheckRequest extends EndpointId, Searching {
  readonly verb: 'CHECK';
  readonly netns: string;
  readonly args: CniArgs;
  readonly argsText: string;
  readonly conf: NetConf & { readonly prevResult: Result };
}

export interface StatusRequest extends Searching {
  readonly verb: 'STATUS';
  readonly conf: NetConf;
}

export interface GcRequest extends Searching {
  readonly verb: 'GC';
  readonly conf: NamedConf;
  /** What the runtime still knows. Undefined: it did not say, so nothing may be removed. Empty: nothing. */
  readonly valid: readonly EndpointId[] | undefined;
}

export interface VersionRequest {
  readonly verb: 'VERSION';
  /** The version to answer in: what was asked, as it was asked. */
  readonly cniVersion: string;
}

interface Rule {
  readonly required: readonly string[];
  /** The version of the specification that brought the verb. */
  readonly since: CniVersion;
  readonly read: (variables: Environment, stdin: Uint8Array) => CniRequest;
}

const CONTAINER = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'];
const RULES: { readonly [V in Verb]: Rule } = {
  ADD: { required: CONTAINER, since: '0.1.0', read: readAdd },
  DEL: { required: CONTAINER.filter((name) => name !== 'CNI_NETNS'), since: '0.1.0', read: readDel },
  CHECK: { required: CONTAINER, since: '0.4.0', read: readCheck },
  STATUS: { required: ['CNI_PATH'], since: '1.1.0', read: readStatus },
  GC: { required: ['CNI_PATH'], since: '1.1.0', read: readGc },
  VERSION: { required: [], since: '0.1.0', read: readVersion },
};

/** The request in a frame. Throws CniError with the code of the first thing that is wrong. */
export function parseRequest(frame: Frame): CniRequest {
  const variables = environment(frame.environment);
  const command = variables.get('CNI_COMMAND');
  if (!command) throw new CniError(CODE.invalidEnvironment, 'CNI_COMMAND is missing in the environment');
  if (!Object.hasOwn(RULES, command)) {
    const known = Object.keys(RULES).join(', ');
    throw new CniError(CODE.invalidEnvironment, `unknown CNI_COMMAND ${quoted(command)} (expected ${known})`);
  }
  const rule = RULES[command as Verb];
  requireVariables(variables, rule.required);
  if (rule.since !== VERSIONS[0]) demandVersion(command, rule.since, namedConf(frame.stdin).cniVersion);
  return rule.read(variables, frame.stdin);
}

function demandVersion(command: string, since: CniVersion, cniVersion: CniVersion): void {
  if (atLeast(cniVersion, since)) return;
  const remedy = `${command} came with ${since}; the configuration must say at least that`;
  throw new CniError(CODE.incompatibleVersion, `cniVersion ${cniVersion} has no ${command}`, remedy);
}

function readAdd(variables: Environment, stdin: Uint8Array): AddRequest {
  return { verb: 'ADD', ...attachment(variables), conf: netConf(stdin) };
}

function readDel(variables: Environment, stdin: Uint8Array): DelRequest {
  const { path, argsText, ...id } = endpoint(variables);
  const netns = variables.get('CNI_NETNS') || undefined;
  return { verb: 'DEL', ...id, netns, path, argsText, conf: namedConf(stdin) };
}

function readCheck(variables: Environment, stdin: Uint8Array): CheckRequest {
  const conf = netConf(stdin);
  const { prevResult } = conf;
  if (prevResult === undefined) {
    throw new CniError(CODE.invalidConfig, 'CHECK needs the prevResult of the ADD in the configuration');
  }
  return { verb: 'CHECK', ...attachment(variables), conf: { ...conf, prevResult } };
}

function readStatus(variables: Environment, stdin: Uint8Array): StatusRequest {
  return { verb: 'STATUS', path: searchPath(variables), conf: netConf(stdin) };
}

function readGc(variables: Environment, stdin: Uint8Array): GcRequest {
  const conf = namedConf(stdin);
  return { verb: 'GC', path: searchPath(variables), conf, valid: validAttachments(decodeObject(stdin, 'stdin')) };
}

/** Answered whatever stdin holds: it is how a runtime finds out what it may say. */
function readVersion(_variables: Environment, stdin: Uint8Array): VersionRequest {
  try {
    const { cniVersion } = decodeObject(stdin, 'stdin');
    const isOne = typeof cniVersion === 'string' && /^\d+\.\d+\.\d+$/.test(cniVersion) && cniVersion.length < 32;
    return { verb: 'VERSION', cniVersion: isOne ? cniVersion : NEWEST };
  } catch {
    return { verb: 'VERSION', cniVersion: NEWEST };
  }
}

function attachment(variables: Environment) {
  const id = endpoint(variables);
  const netns = variables.get('CNI_NETNS') as string;
  if (!netns.startsWith('/')) {
    throw new CniError(CODE.invalidEnvironment, `CNI_NETNS ${quoted(netns)} is not an absolute path`);
  }
  return { ...id, netns, args: cniArgs(id.argsText) };
}

function endpoint(variables: Environment) {
  return {
    containerId: containerId(variables.get('CNI_CONTAINERID') as string),
    ifname: interfaceName(variables.get('CNI_IFNAME') as string),
    path: searchPath(variables),
    argsText: variables.get('CNI_ARGS') ?? '',
  };
}

/** A relative directory would be relative to the runtime, which is another process: left out. */
function searchPath(variables: Environment): readonly string[] {
  return (variables.get('CNI_PATH') ?? '').split(':').filter((directory) => directory.startsWith('/'));
}
