/**
 * The shape of what people write in the configuration; `net-conf.ts` makes it ours. Keys are in our spelling already.
 * Only keys named here are read, so an unknown one, `__proto__` among them, has no effect.
 */
import { z } from 'zod';
import { hostAddress } from './host-address.js';
import { macAddress } from './mac.js';
import { checked, orEmpty } from './schema.js';
import { targetList } from './target-list.js';

/** Names of containers, networks and plugins. Of Linux's file names only the harmless ones. */
export const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const name = z.string({ error: 'missing, or not a string' }).regex(NAME, 'expected letters, digits and _.- only');

/** What even a verb that cleans up needs. */
export const Named = z.object({ name });

const addresses = z
  .array(z.string().transform(checked(hostAddress)))
  .default([])
  .readonly();
const mac = orEmpty(z.string().transform(checked(macAddress)));
/** Go writes "" for "not set"; an empty list is a wish for no target at all. */
const targetTexts = orEmpty(
  z
    .union([z.string(), z.array(z.string())], { error: 'expected a target, a comma list or an array' })
    .transform(checked(targetList)),
);
const texts = z.array(z.string()).optional();
/** Go writes 0 for "not set". 68 is the least a veth takes; IPv6 needs 1280, which the kernel itself insists on. */
const mtu = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: 'expected a number' })
  .transform((bytes) => (bytes === 0 ? undefined : bytes))
  .pipe(z.number().int().min(68).max(65535).optional())
  .optional();

/** The `dns` capability has its own names for what `dns` in the configuration calls nameservers and search. */
const RuntimeDns = z
  .object({
    servers: texts,
    searches: texts,
    options: texts,
    nameservers: texts,
    search: texts,
    domain: z.string().optional(),
  })
  .transform(({ servers, searches, nameservers, search, ...dns }) => ({
    ...dns,
    nameservers: servers ?? nameservers,
    search: searches ?? search,
  }));

export type Settings = z.output<typeof Settings>;
export const Settings = z.object({
  network: orEmpty(name),
  wait: z.enum(['announced', 'none']).default('announced'),
  /** The forwarder gives up after 30 s; what waits longer could never be answered. */
  waitSeconds: z.number().positive().max(25).default(5),
  importrt: targetTexts,
  importRTs: targetTexts,
  import_rt: targetTexts,
  import: targetTexts,
  exportrt: targetTexts,
  exportRTs: targetTexts,
  export_rt: targetTexts,
  export: targetTexts,
  rt: targetTexts,
  mtu,
  ipMasq: z.boolean().default(false),
  communities: z.array(z.string()).optional(),
  ipam: z.object({ type: orEmpty(z.string().regex(NAME, 'expected the plain name of a plugin')) }).optional(),
  dns: z.object({ nameservers: texts, domain: z.string().optional(), search: texts, options: texts }).default({}),
  runtimeConfig: z
    .object({
      ips: addresses,
      mac,
      dns: RuntimeDns.optional(),
      portMappings: z.unknown().optional(),
      bandwidth: z.unknown().optional(),
    })
    .prefault({}),
  args: z
    .object({
      cni: z.object({ ips: addresses, mac, SLASH32_IMPORT: targetTexts, SLASH32_EXPORT: targetTexts }).prefault({}),
    })
    .prefault({}),
  prevResult: z.unknown().optional(),
});
