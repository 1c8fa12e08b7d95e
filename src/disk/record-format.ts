/** What a record looks like on disk: indented JSON with a format number first, then the endpoint as the model has it. */
import { z } from 'zod';
import { type Address, address, type Prefix, prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { type RouteTarget, routeTarget } from '../model/route-target.js';

/**
 * Raise it when an older controller would misread what is written. 2: with targets of its own, masqueraded. A record is written
 * in the lowest format that has room for it, so that one who never used what is new can go back to an older version.
 */
const FORMAT = 2;

const NOT_OURS = 'not a record of ours';

/** A file of a later version: not broken, so neither to be used nor to be put aside. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
}

/** Text that is already in the model's canonical form. */
function canonical<T extends string>(parse: (text: string) => T) {
  return z.custom<T>((value) => {
    try {
      return typeof value === 'string' && parse(value) === value;
    } catch {
      return false;
    }
  });
}

const targets = z.array(canonical<RouteTarget>(routeTarget)).exactOptional();
const wish = z.strictObject({ imports: targets, exports: targets });
const own = z.strictObject({ base: z.string(), table: z.int(), byNetConf: wish, byContainer: wish });
const delegatedIpam = z.strictObject({ type: z.string(), netConf: z.string(), args: z.string(), path: z.string() });

// `satisfies` asks for every key of Endpoint: a new one that is not listed here does not compile.
const endpointShape = {
  containerId: z.string(),
  ifname: z.string(),
  network: z.string(),
  own: own.exactOptional(),
  cniNetwork: z.string().exactOptional(),
  state: z.enum(['pending', 'attached']),
  netns: z.string(),
  netnsInode: z.int(),
  link: z.strictObject({ name: z.string(), index: z.int(), mac: z.string() }),
  mac: z.string(),
  mtu: z.int(),
  addresses: z.array(canonical<Address>(address)),
  routes: z.array(canonical<Prefix>(prefix)),
  delegatedIpam: delegatedIpam.exactOptional(),
  masquerade: z.boolean().exactOptional(),
  attachedAt: z.int().nonnegative().exactOptional(),
  since: z.string(),
} satisfies { readonly [Key in keyof Required<Endpoint>]: z.ZodType };

const endpointFile = z.strictObject({ format: z.literal([1, FORMAT]), ...endpointShape });
const freedFile = z.strictObject({ format: z.literal([1, FORMAT]), addresses: z.array(canonical<Address>(address)) });

/**
 * Throws when the text could not be read again: a record that is lost at the next start must not be taken for saved. Looks only
 * for what the compiler cannot promise, numbers that are none and keys too many: the schema takes 0.1 ms of an ADD, twice.
 */
export function printEndpoint(endpoint: Endpoint): string {
  const surplus = Object.keys(endpoint).find((key) => !(key in endpointShape));
  if (surplus !== undefined) throw new Error(`${NOT_OURS}: ${surplus}: no such key`);
  return print({ format: formatFor(endpoint), ...endpoint });
}

/** Throws NewerFormat, or an Error that says what is wrong with the text. */
export function parseEndpoint(text: string): Endpoint {
  const { format: _, ...endpoint } = parse(endpointFile, text);
  return endpoint satisfies Endpoint;
}

export function printFreed(addresses: readonly Address[]): string {
  return print({ format: 1, addresses });
}

/** Throws as parseEndpoint does. */
export function parseFreed(text: string): readonly Address[] {
  return parse(freedFile, text).addresses;
}

function formatFor({ own, masquerade }: Endpoint): number {
  return own === undefined && masquerade === undefined ? 1 : FORMAT;
}

function print(value: object): string {
  return `${JSON.stringify(value, refuseNoInteger, 2)}\n`;
}

/** JSON would say null for NaN. */
function refuseNoInteger(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  throw new Error(`${NOT_OURS}: ${key}: ${value} is no integer`);
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  const value: unknown = JSON.parse(text);
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > FORMAT) {
    throw new NewerFormat(`written in format ${format}, and this version knows ${FORMAT}`);
  }
  return valid(schema, value);
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${NOT_OURS}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}
