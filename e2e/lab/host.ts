/** A namespace that stands for a machine. */
import { execa } from 'execa';
import { addNamespace } from './namespace.js';

/**
 * A new namespace takes IPv4 settings over from the machine we happen to run on. These are what a Debian that has just
 * booted has, so a lab behaves the same everywhere; turning forwarding on is left to whoever needs it. Only duplicate
 * address detection is off: on a machine it was over long ago, here bgpd would meet addresses that it cannot use yet.
 */
const FRESH = [
  'net.ipv4.ip_forward=0',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=2',
  'net.ipv6.conf.default.accept_dad=0',
];

/** Makes the namespace, before it has links: a link takes its settings from `default` when it arrives. */
export async function makeHost(namespace: string): Promise<void> {
  await addNamespace(namespace);
  await execa('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', ...FRESH]);
}
