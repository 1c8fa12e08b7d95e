/**
 * `Records` on disk: `<runDir>/endpoints/<hash>.json`, one readable file per endpoint, and `<runDir>/freed.json`.
 *
 * The directory is on tmpfs, so a reboot clears it, as it clears the links that the records are about. File names are
 * hashes: an id comes from outside and is never part of a path. A file that makes no sense is moved to
 * `<runDir>/quarantine`, where people can look at it, and never guessed at. A file of a newer version stops the start
 * before anything is moved or removed, so that going back to that version finds everything.
 *
 * `freed.json` has addresses and no times. The clock that quarantine is measured with starts anew with each process
 * (and the wall clock may jump by years), so after a restart every address in it waits its full time again: too long
 * is harmless, too short gives an address away while packets to its former owner are still on their way.
 */
import { hash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../model/address.js';
import { type Endpoint, type EndpointId, endpointKey, endpointName } from '../model/endpoint.js';
import type { Records } from '../ports.js';
import {
  type Directory,
  openPrivateDirectory,
  readRegularFile,
  removeDurably,
  temporaryName,
  writeAtomically,
} from './atomic-file.js';
import { NewerFormat, parseEndpoint, parseFreed, printEndpoint, printFreed } from './record-format.js';
import type { RunDirectory } from './run-directory.js';

const FREED = 'freed.json';

/** The records of this run directory. `all` comes first after a start: it clears what an interrupted one left. */
export function endpointRecords(run: RunDirectory): Records & Disposable {
  const endpoints = openPrivateDirectory(join(run.path, 'endpoints'));
  const saveFreed = lastOf((addresses: readonly Address[]) => {
    const save = () => writeAtomically(run, FREED, printFreed(addresses));
    told(`cannot save the freed addresses in ${join(run.path, FREED)}`, save);
  });
  return {
    all: async () => load(run, endpoints),
    save: async (endpoint) => {
      const save = () => writeAtomically(endpoints, fileName(endpoint), printEndpoint(endpoint));
      told(`cannot save the record of ${endpointName(endpoint)} in ${endpoints.path}`, save);
    },
    remove: async (id) => {
      const remove = () => removeDurably(endpoints, fileName(id));
      told(`cannot remove the record of ${endpointName(id)} from ${endpoints.path}`, remove);
    },
    freed: async () => readFreed(run).value ?? [],
    saveFreed,
    [Symbol.dispose]: () => endpoints[Symbol.dispose](),
  };
}

/**
 * Those who call in the same turn of the event loop share one piece of work, on what the last of them has said. A hundred
 * containers that end together would else write a hundred lists of a hundred addresses.
 */
function lastOf<T>(work: (value: T) => void): (value: T) => Promise<void> {
  let latest: T;
  let shared: Promise<void> | undefined;
  return (value) => {
    latest = value;
    shared ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      shared = undefined;
      work(latest);
    });
    return shared;
  };
}

/** Half of a SHA-256 in hex: no two endpoints meet in it, and nothing of the id can act as a path. */
export function fileName(id: EndpointId): string {
  return `${hash('sha256', endpointKey(id)).slice(0, 32)}.json`;
}

/** A file's content, or why it has none. Neither: there is no file. */
interface Reading<T> {
  readonly directory: Directory;
  readonly name: string;
  readonly value?: T;
  readonly fault?: string;
}

type Loaded = Awaited<ReturnType<Records['all']>>;

function load(run: RunDirectory, endpoints: Directory): Loaded {
  const names = readdirSync(endpoints.path);
  const leftovers = names.filter((name) => name.startsWith('.') && name.endsWith('.tmp'));
  const readings = names
    .filter((name) => !leftovers.includes(name))
    .map((name) => read(endpoints, name, (text) => endpointOf(text, name)));
  const faulty = [...readings, readFreed(run)].filter((reading) => reading.fault !== undefined);
  // Everything has been read, so no file is of a newer version: only now may something be touched.
  for (const name of leftovers) removeDurably(endpoints, name);
  removeDurably(run, temporaryName(FREED));
  return {
    endpoints: readings.flatMap(({ value }) => (value ? [value] : [])),
    unreadable: faulty.map((reading) => `${putAside(run, reading)}: ${reading.fault}`),
  };
}

function readFreed(run: RunDirectory): Reading<readonly Address[]> {
  return read(run, FREED, parseFreed);
}

function read<T>(directory: Directory, name: string, parse: (text: string) => T): Reading<T> {
  const path = join(directory.path, name);
  try {
    const text = readRegularFile(path);
    return text === undefined ? { directory, name } : { directory, name, value: parse(text) };
  } catch (error) {
    const reason = (error as Error).message;
    if (!(error instanceof NewerFormat)) return { directory, name, fault: reason };
    const remedy = 'start the version that wrote it, or detach its containers and remove it';
    throw new Error(`${path} is ${reason}; ${remedy}. Nothing was touched`, { cause: error });
  }
}

/** A copy under another name would make one endpoint two. */
function endpointOf(text: string, name: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (fileName(endpoint) === name) return endpoint;
  throw new Error(`holds ${endpointName(endpoint)}, whose record is ${fileName(endpoint)}`);
}

/** Moves a file to the quarantine under a name that is free there; returns its new path. */
function putAside(run: RunDirectory, { directory, name }: Reading<unknown>): string {
  using quarantine = openPrivateDirectory(join(run.path, 'quarantine'));
  let path = join(quarantine.path, name);
  for (let i = 1; lstatSync(path, { throwIfNoEntry: false }); i++) path = join(quarantine.path, `${name}.${i}`);
  renameSync(join(directory.path, name), path);
  return path;
}

function told(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
