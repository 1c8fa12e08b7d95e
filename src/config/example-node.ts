/** For tests: a node with known facts, and the problems that a file has on it. */
import { prefix } from '../model/address.js';
import type { Config } from './config.js';
import { configReader } from './load.js';
import { ConfigError } from './problem.js';
import type { ThisNode } from './this-node.js';

const info = { netmask: '255.255.255.0', mac: '02:00:00:00:00:01', cidr: null };

/** Passwords are in /etc/slash32/tor1.key only, subnets in /run/flannel/subnet.env. */
export const EXAMPLE_NODE: ThisNode = {
  hostname: 'node1',
  interfaces: {
    lo: [{ ...info, family: 'IPv4', address: '127.0.0.1', internal: true }],
    eth0: [{ ...info, family: 'IPv4', address: '192.0.2.1', internal: false }],
  },
  password: (path) => {
    if (path === '/etc/slash32/tor1.key') return 'correct horse';
    throw new RangeError(`${path} cannot be read (ENOENT)`);
  },
  subnets: (path) => {
    if (path === '/run/flannel/subnet.env') return { pools: [prefix('10.20.7.0/24')], mtu: 1450 };
    throw new RangeError(`${path} cannot be read (ENOENT)`);
  },
};

const read = configReader(EXAMPLE_NODE);

export function example(text: string): Config {
  return read(text, 'node.yaml');
}

/** The lines of the ConfigError, without the file's name; none when the text is a configuration. */
export function problemsOf(text: string): string[] {
  try {
    example(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^node\.yaml:/, ''));
  }
}
