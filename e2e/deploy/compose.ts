/** docker-compose.yml as a topology of the lab: the same images, files and addresses, with a link for each network. */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { inRepository } from '../lab/repository.js';

/** A service, as far as a lab has something for it. */
export interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string; readonly ipv6_address: string }>>;
}

interface Network {
  readonly ipam: { readonly config: readonly { readonly subnet: string; readonly gateway: string }[] };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
}

/** Reads the repository's file. */
export function readCompose(): Compose {
  return parse(readFileSync(inRepository('docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
}

/** The same fabric in the format of the lab. Throws for a network that is no link between two services. */
export function asTopology({ services, networks }: Compose): string {
  const device = (name: string, network: string) => `eth${Object.keys(services[name]!.networks).indexOf(network) + 1}`;
  const nodes = Object.entries(services).map(([name, { image, volumes, sysctls = {}, networks: own }]) => {
    const addresses = Object.entries(own).flatMap(([network, { ipv4_address, ipv6_address }]) => {
      const [v4, v6] = networks[network]!.ipam.config.map(({ subnet }) => subnet.split('/')[1]);
      const dev = device(name, network);
      return [
        `ip address add ${ipv4_address}/${v4} dev ${dev}`,
        `ip address add ${ipv6_address}/${v6} dev ${dev} nodad`,
      ];
    });
    const settings = Object.entries(sysctls).map(([key, value]) => `sysctl -q -w ${key}=${value}`);
    return [name, { image, binds: volumes.map(absolute), exec: [...settings, ...addresses] }];
  });
  const links = Object.keys(networks).map((network) => {
    const members = Object.keys(services).filter((name) => network in services[name]!.networks);
    if (members.length !== 2) throw new Error(`${network} is no link: it has ${members.join(', ')}`);
    return { endpoints: members.map((name) => `${name}:${device(name, network)}`) };
  });
  return stringify({ name: 'compose', topology: { nodes: Object.fromEntries(nodes), links } });
}

function absolute(volume: string): string {
  const [source = '', target = ''] = volume.split(':');
  return `${inRepository(source)}:${target}`;
}
