import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { readPassword } from './password-file.js';
import { readSubnets, type Subnets } from './subnet-file.js';

/** What a configuration leaves to the node that reads it. */
export interface ThisNode {
  readonly hostname: string;
  /** As `os.networkInterfaces()` has them: the links that are up, by name. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
  /** The password in the file of this path. Throws when it must not be used, and says why. */
  password(path: string): string;
  /** What the subnet file of this path gives to the node. Throws when it cannot be used, and says why. */
  subnets(path: string): Subnets;
}

/** The node this process runs on. */
export function thisNode(): ThisNode {
  return { hostname: hostname(), interfaces: networkInterfaces(), password: readPassword, subnets: readSubnets };
}
