/**
 * The .proto files of one API generation, loaded by reflection, once a process.
 *
 * They are data beside the code, `proto/<generation>/` under the package root, so they are looked for upwards from this
 * file: it runs from `dist/` in a checkout, from an installed package, and from a bundle.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const loaded = new Map<string, protobuf.Root>();

/** The types of one generation, such as `gobgp-3`. Throws when its folder is missing: the installation is broken. */
export function loadProto(generation: string): protobuf.Root {
  const known = loaded.get(generation);
  if (known) return known;
  // One of the two imports the other: in 3.x attribute.proto does, in 4.x gobgp.proto.
  const folder = protoFolder(generation);
  const root = new protobuf.Root().loadSync(['gobgp.proto', 'attribute.proto'].map((file) => join(folder, file)));
  root.resolveAll();
  loaded.set(generation, root);
  return root;
}

function protoFolder(generation: string): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'proto', generation);
    if (existsSync(join(candidate, 'gobgp.proto'))) return candidate;
    if (folder === dirname(folder)) {
      throw new Error(`proto/${generation}/gobgp.proto is nowhere above ${start}: install slash32 again`);
    }
  }
}
