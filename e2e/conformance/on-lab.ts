/** Our own forwarder, with the controller and the fabric of the lab behind it. */

import type { Lab } from '../lab/lab.js';
import { namespacePath } from '../lab/namespace.js';
import type { LabNode } from '../lab/node.js';
import { FORWARDER } from '../lab/runtime.js';
import { fabricUp, holdings } from '../main-job/fabric.js';
import { execute } from './execute.js';
import type { Controller, Subject } from './subject.js';

/** The subject, and the lab it is in for those who want other witnesses. */
export interface OnLab extends Subject {
  readonly lab: Lab;
  readonly node: LabNode;
}

/** Brings the fabric up under this name, with slash32 on its node1 as the subject. */
export async function slash32OnLab(labName: string): Promise<OnLab> {
  const lab = await fabricUp(labName);
  const node = lab.node('node1');
  const onHost = ['nsenter', `--net=${namespacePath(node.namespace)}`];
  let serial = 0;
  return {
    ...{ name: 'slash32', plugin: FORWARDER, isOurs: true, lab, node },
    controller: controllerOf(lab),
    hostNetns: namespacePath(node.namespace),
    spareAddresses: ['10.20.1.240', '10.20.1.241', '10.20.1.242'],
    path: '/usr/lib/cni',
    conf: { name: 'blue', type: 'slash32' },
    otherConf: { name: 'red', type: 'slash32' },
    box: () => lab.container('node1', `box-${++serial}`),
    execute: (env, stdin, { program = FORWARDER, ...options } = {}) =>
      execute([...onHost, program], { ...PATH, SLASH32_SOCKET: node.cniSocket, ...env }, stdin, options),
    onHost: (argv) => node.attempt(argv),
    holdings: () => holdings(node),
    down: async () => void (await lab.down()),
  };
}

/** Chained plugins look for iptables and tc. */
const PATH = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

function controllerOf(lab: Lab): Controller {
  const node = lab.node('node1');
  return {
    stop: () => node.kill('slash32d', 'SIGTERM'),
    start: () => node.start('slash32d'),
    signalEngine: (signal) => node.kill('gobgpd', signal),
    peers: async (are) => {
      const neighbours = ['192.0.2.1', '2001:db8:ffff:1::1'];
      const words = neighbours.map((one) => `${are === 'open' ? 'no ' : ''}neighbor ${one} shutdown`);
      const commands = ['configure', 'router bgp 65000', ...words].flatMap((command) => ['-c', command]);
      await lab.node('tor1').exec(['vtysh', ...commands]);
    },
  };
}
