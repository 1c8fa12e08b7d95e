/** Every key of the configuration file, as Markdown: docs/configuration.md. It is made of the schema, so it cannot say otherwise. */
import { SAME_AS } from './network-section.js';
import { configSchema } from './schema.js';

/** What of JSON Schema ours has. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** One map of the file: its path, `bgp.peers[]`, and its keys. */
export interface Section {
  readonly path: string;
  readonly schema: Schema;
  readonly keys: readonly (readonly [key: string, value: Schema])[];
}

const HEAD = `# Every key of the configuration

\`slash32 config reference\` prints this page, \`slash32 config schema\` the JSON Schema for editors, and
\`slash32 config check FILE\` says what is wrong in a file. A time is text with a unit, like \`9s\`; a prefix, an address and a
route target are text in quotes. Anything that is not listed here is refused.
`;

/** The page. */
export function configReference(): string {
  return [HEAD, ...sections(configSchema() as Schema).map(page)].join('\n');
}

/** Every map of the file, each before those within it. Left out are other spellings of a key, and one that is known only to be refused (`{}`). */
export function sections(schema: Schema, path = ''): Section[] {
  const keys = Object.entries(schema.properties ?? {}).filter(
    ([, value]) => Object.keys(value).length > 0 && !value.description?.startsWith(SAME_AS),
  );
  const inner = keys.flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (value.properties) return sections(value, at);
    return value.items?.properties ? sections(value.items, `${at}[]`) : [];
  });
  return [{ path, schema, keys }, ...inner];
}

function page({ path, schema, keys }: Section): string {
  const rows = keys.map(([key, value]) => {
    const isRequired = schema.required?.includes(key);
    return `| \`${key}\` | ${kind(value)} | ${isRequired ? 'required' : fallback(value)} | ${cell(value.description ?? '')} |`;
  });
  return [`## ${path || 'The file'}`, '', '| key | value | default | |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

function kind(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(kind).join(' or ');
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'integer') return `number${range(schema)}`;
  if (schema.type === 'array') return schema.items?.properties ? 'list of maps' : `list of ${kind(schema.items ?? {})}`;
  return { object: 'map', string: 'text', boolean: '`true`, `false`' }[schema.type ?? ''] ?? 'text';
}

function range({ minimum, maximum }: Schema): string {
  return minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`;
}

/** Empty lists and maps go without saying. */
function fallback({ default: value }: Schema): string {
  return value === undefined || typeof value === 'object' ? '' : `\`${value}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
