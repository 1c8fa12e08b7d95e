/**
 * What runs in a node follows from its image, as in a container: the same daemons, from the host's packages and from
 * this repository instead of from image layers.
 */
import { readFileSync } from 'node:fs';
import { inRepository } from './repository.js';
import type { NodeSpec } from './topology.js';

/** A long-running process of a node. */
export interface ProcessSpec {
  readonly name: string;
  readonly argv: readonly string[];
  /** The unix socket, below the node's directory, that accepts connections once the process is ready. */
  readonly ready: string;
  /** Run in the node once the process is ready, each time it starts. */
  readonly afterwards?: readonly string[];
}

/** An image we can stand in for: where its bound file lies, and what runs. */
interface Image {
  readonly config: string;
  processes(config: string): readonly ProcessSpec[];
}

/** Where a node's gobgpd is asked. */
export const GOBGP_API = 'unix:///run/slash32/gobgpd.sock';

const IMAGES: Record<string, Image> = {
  frr: { config: '/etc/frr/frr.conf', processes: frrDaemons },
  slash32: {
    config: '/etc/slash32/node.yaml',
    processes: (config) => [
      {
        name: 'sidecar',
        argv: [inRepository('bin/slash32'), 'sidecar', '--api', GOBGP_API],
        ready: 'slash32/gobgpd.sock',
      },
      { name: 'slash32d', argv: [inRepository('bin/slash32d'), '--config', config], ready: 'slash32/cni.sock' },
    ],
  },
  // bgp.gobgp.manage is false: gobgpd has a file of its own. 3.10 does not start beside a socket of its predecessor.
  'slash32-own-gobgpd': {
    config: '/etc/slash32/node.yaml',
    processes: (config) => [
      {
        name: 'gobgpd',
        argv: [
          'sh',
          '-c',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
          'rm -f "${2#unix://}"; exec gobgpd -f "$1" --api-hosts "$2" --pprof-disable $GOBGPD_OPTIONS',
          'sh',
          config.replace('slash32/node.yaml', 'gobgp/gobgp.toml'),
          GOBGP_API,
        ],
        ready: 'slash32/gobgpd.sock',
      },
      { name: 'slash32d', argv: [inRepository('bin/slash32d'), '--config', config], ready: 'slash32/cni.sock' },
    ],
  },
  gobgp: {
    config: '/etc/gobgp/gobgp.toml',
    processes: (config) => [
      {
        name: 'gobgpd',
        argv: ['gobgpd', '-f', config, '--api-hosts', GOBGP_API, '--pprof-disable'],
        ready: 'slash32/gobgpd.sock',
      },
    ],
  },
  bird: {
    config: '/etc/bird/bird.conf',
    processes: (config) => [
      { name: 'bird', argv: ['bird', '-f', '-c', config, '-s', '/run/slash32/bird.ctl'], ready: 'slash32/bird.ctl' },
    ],
  },
  // A machine on which nothing runs.
  debian: { config: '', processes: () => [] },
};

/** The processes of a node, in the order they start. Throws for an image that nothing here can stand in for. */
export function processesOf(node: NodeSpec, nodeDirectory: string): readonly ProcessSpec[] {
  const short = node.image.replace(/^.*\//, '').replace(/[:@].*$/, '');
  const image = IMAGES[short];
  if (!image) {
    throw new Error(
      `node ${node.name}: no stand-in for image "${node.image}" (known: ${Object.keys(IMAGES).join(', ')})`,
    );
  }
  if (image.config && !node.binds.some((bind) => bind.target === image.config)) {
    throw new Error(`node ${node.name}: image "${node.image}" needs a file bound to ${image.config}`);
  }
  return image.processes(nodeDirectory + image.config);
}

/**
 * FRR's daemons start empty, and vtysh tells each its part of the one frr.conf, as FRR's own start script does: a daemon
 * that reads the file by itself stumbles over the others' lines. No TCP ports; the /run/frr of the node keeps sockets apart.
 */
function frrDaemons(config: string): ProcessSpec[] {
  const file = contentOf(config);
  const optional = [
    ...(/^ip(v6)? route /m.test(file) ? ['staticd'] : []),
    ...(/ bfd( \d+)*$/m.test(file) ? ['bfdd'] : []),
  ];
  return ['zebra', ...optional, 'bgpd'].map((name) => ({
    name,
    argv: [`/usr/lib/frr/${name}`, '-f', '/dev/null', '-A', '127.0.0.1', '-P', '0', '--log', 'stdout'],
    ready: `frr/${name}.vty`,
    afterwards: ['vtysh', '-d', name, '-f', config],
  }));
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
