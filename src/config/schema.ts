/**
 * The whole file, section by section. Only what does something has a key: anything else is refused as unknown, so that
 * a typo or a wish never passes as configured. Defaults are the safe end: nothing imported, nothing announced, no way out.
 */
import { z } from 'zod';
import { contains, type Prefix } from '../model/address.js';
import { bgpSection } from './bgp-section.js';
import { aName, anAddress, aRunDir, parsed, seconds, wholeNumber } from './fields.js';
import { metricsSection } from './metrics-section.js';
import { netConfSection } from './netconf-section.js';
import { hostSection, networkSection } from './network-section.js';
import { firstGlobalIPv4, routerId } from './router-id.js';
import type { ThisNode } from './this-node.js';

const gateway = (range: string, example: string) =>
  anAddress.refine((address) => contains(range as Prefix, address), {
    error: `a gateway is a link-local address, in ${range}, like ${example}`,
  });

const nodeSection = (node: ThisNode) =>
  z.strictObject({
    name: aName.optional().describe("Default: the host's name."),
    routerId: parsed((text) => (text === 'auto' ? firstGlobalIPv4(node.interfaces) : routerId(text)))
      .prefault('auto')
      .describe('BGP identifier; auto is the first global IPv4 address of the node.'),
  });

const kernelSection = z.strictObject({
  protocol: z.literal(32).optional().describe('Our routes bear this number. Fixed; written here for who reads it.'),
  // The main table's own rule is 32766.
  rulePriority: wholeNumber(1, 32763)
    .prefault(2032)
    .describe('Priority of our ip rules; the next two numbers are ours too.'),
  gateways: z
    .strictObject({
      v4: gateway('169.254.0.0/16', '169.254.1.1').prefault('169.254.1.1').describe('In 169.254.0.0/16.'),
      v6: gateway('fe80::/10', 'fe80::1').prefault('fe80::1').describe('In fe80::/10.'),
    })
    .prefault({})
    .describe('What containers send to; the same two on every node.'),
  shortcut: z
    .boolean()
    .prefault(true)
    .describe(
      'Permitted packets between nodes pass by the stack (BPF), while nobody else filters, translates, tracks or encrypts.',
    ),
});

const ipamSection = z.strictObject({
  quarantine: seconds(0, 86400).prefault('60s').describe('A freed address is given to nobody else for this time.'),
});

const logSection = z.strictObject({
  level: z
    .enum(['error', 'warn', 'info', 'debug'])
    .prefault('info')
    .describe('Lines below are left out; debug has every change to the kernel as a command.'),
  format: z.enum(['auto', 'json', 'text']).prefault('auto').describe('auto: text on a terminal, JSON elsewhere.'),
});

/** The file as this node reads it. */
export const fileSchema = (node: ThisNode) =>
  z.strictObject({
    node: nodeSection(node).prefault({}).describe('Who this node is.'),
    bgp: bgpSection(node).describe('How it speaks BGP, and with whom.'),
    networks: z.array(networkSection(node)).prefault([]).describe('Who may reach whom.'),
    netConfNetworks: z
      .array(netConfSection)
      .prefault([])
      .describe('Networks that CNI configurations may define by themselves. Default: none.'),
    host: hostSection.prefault({}).describe("The host's own main table, as a network."),
    kernel: kernelSection.prefault({}).describe('What is ours in the kernel.'),
    ipam: ipamSection.prefault({}).describe('Addresses from pools.'),
    log: logSection.prefault({}).describe('One event a line, on stderr.'),
    metrics: metricsSection
      .optional()
      .describe('Prometheus over TCP. Default: only on the admin socket (slash32 metrics).'),
    runDir: aRunDir.prefault('/run/slash32').describe('Sockets and records; on tmpfs, so that a reboot clears it.'),
  });

export type ConfigFile = z.output<ReturnType<typeof fileSchema>>;

/** The keys are the same everywhere, so no node is asked. */
const NO_NODE: ThisNode = {
  hostname: '',
  interfaces: {},
  password: () => '',
  subnets: () => ({ pools: [], mtu: undefined }),
};

/** JSON Schema (draft 2020-12) of the file, for editors. */
export function configSchema(): object {
  return z.toJSONSchema(fileSchema(NO_NODE), { io: 'input' });
}
