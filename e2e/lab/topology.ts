/**
 * A lab as a file: the part of containerlab's topology format that network namespaces can stand for.
 *
 * The same file runs under containerlab. What only means something there (management network, ports, drawing hints) is
 * accepted and ignored; anything else unknown is an error, because a lab that silently leaves things out lies.
 * Format: https://containerlab.dev/manual/topo-def-file/
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** A file or directory of the repository that a node sees at `target`. */
export interface Bind {
  readonly source: string;
  readonly target: string;
}

/** One node, with `defaults` and `kinds` already merged in. */
export interface NodeSpec {
  readonly name: string;
  readonly image: string;
  readonly binds: readonly Bind[];
  /** Commands run in the node once its links are there, before its processes start. */
  readonly exec: readonly (readonly string[])[];
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** One end of a link. */
export interface LinkEnd {
  readonly node: string;
  readonly device: string;
}

/** A whole lab. */
export interface Topology {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, NodeSpec>;
  readonly links: readonly (readonly [LinkEnd, LinkEnd])[];
}

/** Names become parts of paths, namespaces and arguments. */
export const LAB_NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const nodeSchema = z.strictObject({
  kind: z.literal('linux').optional(),
  image: z.string().optional(),
  binds: z.array(z.string()).default([]),
  exec: z.array(z.string()).default([]),
  labels: z.record(z.string(), text).default({}),
  env: z.record(z.string(), text).default({}),
  // Only for containerlab:
  group: z.unknown().optional(),
  ports: z.unknown().optional(),
  cmd: z.unknown().optional(),
  'mgmt-ipv4': z.unknown().optional(),
  'network-mode': z.unknown().optional(),
});
const fileSchema = z.strictObject({
  name: z.string().regex(LAB_NAME, 'lower-case letters, digits and dashes'),
  prefix: z.unknown().optional(),
  mgmt: z.unknown().optional(),
  topology: z.strictObject({
    defaults: nodeSchema.prefault({}),
    kinds: z.partialRecord(z.literal('linux'), nodeSchema).default({}),
    nodes: z.record(z.string().regex(LAB_NAME), nodeSchema.nullable()),
    links: z
      .array(z.strictObject({ endpoints: z.tuple([z.string(), z.string()]), mtu: z.unknown().optional() }))
      .default([]),
  }),
});
type NodeFile = z.infer<typeof nodeSchema>;

/** Reads a topology file. Throws an Error that names the file, the place in it and what was expected. */
export function readTopology(file: string): Topology {
  return parseTopology(readFileSync(file, 'utf8'), file);
}

/** Parses a topology; `file` names it in errors, and sources of binds are relative to it. */
export function parseTopology(content: string, file: string): Topology {
  const found = fileSchema.safeParse(parse(content));
  if (!found.success) throw new Error(`${file}: ${z.prettifyError(found.error)}`);
  const { name, topology } = found.data;
  const nodes = new Map<string, NodeSpec>();
  for (const [node, own] of Object.entries(topology.nodes)) {
    const layers = [topology.defaults, topology.kinds.linux, own].filter((layer) => layer != null);
    nodes.set(node, merged(node, layers, file));
  }
  const links = topology.links.map(
    ({ endpoints: [a, b] }) => [linkEnd(a, nodes, file), linkEnd(b, nodes, file)] as const,
  );
  refuseReuse(links.flat(), file);
  return { name, nodes, links };
}

/** As containerlab merges: lists grow from the general to the particular, of single values the particular one wins. */
function merged(name: string, layers: readonly NodeFile[], file: string): NodeSpec {
  const image = layers.findLast((layer) => layer.image !== undefined)?.image;
  if (image === undefined) throw new Error(`${file}: node ${name} has no image, so nobody knows what runs in it`);
  return {
    name,
    image,
    binds: layers.flatMap((layer) => layer.binds.map((bind) => parseBind(bind, file))),
    exec: layers.flatMap((layer) => layer.exec.map(words)),
    labels: Object.assign({}, ...layers.map((layer) => layer.labels)),
    env: Object.assign({}, ...layers.map((layer) => layer.env)),
  };
}

function parseBind(bind: string, file: string): Bind {
  const [source, target] = bind.split(':');
  if (!source || !target?.startsWith('/')) {
    throw new Error(`${file}: not a bind: "${bind}" (expected like node1.yaml:/etc/slash32/node.yaml)`);
  }
  return { source: resolve(dirname(file), source), target };
}

function linkEnd(end: string, nodes: ReadonlyMap<string, NodeSpec>, file: string): LinkEnd {
  const [node = '', device = '', rest] = end.split(':');
  const isGood = nodes.has(node) && /^[a-z][a-z0-9._-]{0,14}$/.test(device) && device !== 'eth0' && rest === undefined;
  if (!isGood) {
    throw new Error(
      `${file}: not a link end: "${end}" (expected node:interface like tor1:eth1; eth0 is for management)`,
    );
  }
  return { node, device };
}

function refuseReuse(ends: readonly LinkEnd[], file: string): void {
  const seen = new Set<string>();
  for (const { node, device } of ends) {
    if (seen.has(`${node}:${device}`)) throw new Error(`${file}: ${node}:${device} is an end of two links`);
    seen.add(`${node}:${device}`);
  }
}

/** containerlab splits a command like a shell, but runs no shell: quotes group words, nothing is expanded. */
function words(command: string): string[] {
  return (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}
