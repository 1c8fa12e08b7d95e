import type { LogOptions } from '../log.js';
import type { Address } from '../model/address.js';
import type { Gateways, Networks } from '../model/network.js';
import type { Speaker } from '../model/peer.js';

/** What the node's configuration file says, in the words of the model. Every time in it is in seconds. */
export interface Config {
  readonly node: { readonly name: string };
  readonly speaker: Speaker;
  /** Where gobgpd answers (`unix:///...`), and whether it is ours to start and to configure. */
  readonly gobgp: { readonly api: string; readonly manage: boolean };
  readonly networks: Networks;
  /** Priority of our `ip rule`s; whether permitted packets may pass by the stack. */
  readonly kernel: { readonly rulePriority: number; readonly shortcut: boolean };
  readonly gateways: Gateways;
  /** How long a freed address is not given to anybody else. */
  readonly ipam: { readonly quarantine: number };
  readonly log: LogOptions;
  /** Where metrics are served over TCP. Absent: nowhere. */
  readonly metrics?: { readonly address: Address; readonly port: number };
  /** Directory of sockets and records; on tmpfs, so that a reboot clears it. */
  readonly runDir: string;
  readonly sockets: { readonly cni: string; readonly admin: string };
}
