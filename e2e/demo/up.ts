/** `demo up`: the fabric, four containers, and the proof that it works. */

import { Lab } from '../lab/lab.js';
import { inRepository } from '../lab/repository.js';
import { type Attached, attachAll, containerTable } from './containers.js';
import { fabricLine, torView, untilEstablished, untilInTor } from './fabric.js';
import { paint } from './paint.js';
import { checkReach } from './reach.js';
import { runSteps, type Step, StepFailed, seconds } from './steps.js';

/** The demo's lab: its own name, so that tests of the same fabric can run beside it. */
export const DEMO = 'demo';

/** What the steps find, one after the other. */
interface Findings {
  lab: Lab;
  attached: Attached[];
  reach: string[];
}

/** Returns the exit code. */
export async function up(print: (text: string) => void): Promise<number> {
  const start = performance.now();
  if (!(await isFree(print))) return 0;
  const found: Partial<Findings> = {};
  const interrupted = untilInterrupted(print);
  try {
    await runSteps(steps(found), print, interrupted);
    found.lab!.finished();
    await report(found as Findings, print, start);
    return 0;
  } catch (error) {
    if (!interrupted.aborted) {
      print(`\n${paint('red', (error as Error).message)}\n`);
      if (error instanceof StepFailed && found.lab) printLogs(found.lab, error.step, print);
    }
    await Lab.find(DEMO)?.down();
    print('\nthe demo has been taken down again; nothing is left\n');
    return interrupted.aborted ? INTERRUPTED : 1;
  }
}

/** What shells say of a command that ctrl-c has ended. */
const INTERRUPTED = 130;

/** The step that runs comes to its end first, since nobody could say what half of it has made. A second ctrl-c does not wait. */
function untilInterrupted(print: (text: string) => void): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Not `once`: execa ends a process in whose listeners it finds none but its own.
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(INTERRUPTED);
      print('\ninterrupted: when this step is through, all of it is removed\n');
      interrupted.abort();
    });
  }
  return interrupted.signal;
}

/** A demo that stands stays; the remains of one that was killed half-way go. */
async function isFree(print: (text: string) => void): Promise<boolean> {
  const lab = Lab.find(DEMO);
  if (!lab) return true;
  if (lab.condition === 'wreck') {
    print('removing the remains of a demo that was interrupted\n');
    await lab.down();
    return true;
  }
  const how = lab.condition === 'up' ? `is up since ${lab.since}` : 'is just being started by another process';
  print(`the demo ${how}; nothing was changed. To remove it: npm run demo:down\n\n${lookFurther(lab)}\n`);
  return false;
}

function steps(found: Partial<Findings>): Step[] {
  const everyNode = ['node1 slash32d', 'node1 sidecar', 'node2 slash32d', 'node2 sidecar'];
  return [
    {
      title: 'fabric: tor1 (FRR), node1 and node2 (gobgpd, slash32d)',
      logs: [],
      run: async () => {
        found.lab = await Lab.up(inRepository('e2e/fabric.clab.yml'), { name: DEMO, unfinished: true });
      },
    },
    {
      title: 'BGP sessions between the ToR and both nodes',
      logs: ['tor1 bgpd', ...everyNode],
      run: () => untilEstablished(found.lab!),
    },
    {
      title: 'four containers in two networks, attached by the plugin',
      logs: everyNode,
      run: async () => {
        found.attached = await attachAll(found.lab!);
      },
    },
    {
      title: "every container's /32 and /128 in the ToR's kernel",
      logs: ['tor1 bgpd', ...everyNode],
      run: () => untilInTor(found.lab!, found.attached!),
    },
    {
      title: 'pings: same network across nodes, and between networks',
      logs: everyNode,
      run: async () => {
        found.reach = await checkReach(found.attached!);
      },
    },
  ];
}

async function report({ lab, attached, reach }: Findings, print: (text: string) => void, start: number): Promise<void> {
  const parts = [
    `fabric up: ${await fabricLine(lab)}  ${attached.length} containers`,
    containerTable(attached),
    await torView(lab),
    reach.join('\n'),
    lookFurther(lab),
    paint('bold', `the demo took ${seconds(start)}; it stays up until: npm run demo:down`),
  ];
  print(`\n${parts.join('\n\n')}\n`);
}

/** Commands that show it all, most of them without our own tools. */
function lookFurther(lab: Lab): string {
  const [tor, node] = [lab.node('tor1'), lab.node('node1')];
  return [
    'look further:',
    `  vtysh --vty_socket ${tor.directory}/frr -c 'show bgp ipv4 unicast'`,
    `  gobgp --target unix://${node.directory}/slash32/gobgpd.sock global rib`,
    `  ip netns exec ${node.namespace} ip route show table 1001`,
    `  ip netns exec s32-${lab.name}-blue-1 ip route`,
    `  bin/slash32 explain 10.30.2.1 --socket ${node.directory}/slash32/admin.sock`,
    `  tail -f ${node.logFile('slash32d')}`,
  ].join('\n');
}

function printLogs(lab: Lab, step: Step, print: (text: string) => void): void {
  for (const [nodeName = '', processName = ''] of step.logs.map((log) => log.split(' '))) {
    const node = lab.node(nodeName);
    print(`\n${paint('dim', `-- ${node.logFile(processName)}, its end:`)}\n${node.log(processName, 15)}\n`);
  }
}
