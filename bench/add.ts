/**
 * `npm run bench`: what one ADD and one DEL cost, exec to answer, against Debian's ptp + host-local in the same run.
 *
 * Interleaved round by round, so that a machine that slows down slows both. Ours is the shipped thing on a fabric that
 * stands: installed forwarder, controller with filters and records, announcement accepted by a real gobgpd. The peer gets
 * an empty host namespace, and no fabric to tell. It gives IPv4 only, since with IPv6 it waits 1.7 s for duplicate address
 * detection; ours gives both.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Lab } from '../e2e/lab/lab.js';
import { FORWARDER } from '../e2e/lab/runtime.js';
import { FABRIC, peersUp } from '../e2e/main-job/fabric.js';
import { median, percentile } from './statistics.js';

const ROUNDS = 60;
const TIMED_EXEC = fileURLToPath(new URL('../../bench/timed-exec', import.meta.url));

/** One of the two that are compared: how to execute it, and where. */
interface Contender {
  readonly name: string;
  readonly program: string;
  readonly conf: object;
  /** The namespace that is the host to it; undefined: as it is. */
  readonly host?: string;
  readonly env: Readonly<Record<string, string>>;
}

type Times = Record<'ADD' | 'DEL', number[]>;

const scratch = mkdtempSync(join(tmpdir(), 's32-bench-'));

async function timed(contender: Contender, verb: 'ADD' | 'DEL', id: string, netns: string): Promise<number> {
  const input = join(scratch, `${contender.name}.json`);
  writeFileSync(input, JSON.stringify(contender.conf));
  const argv = [TIMED_EXEC, input, contender.program];
  const [file, ...args] = contender.host ? ['ip', 'netns', 'exec', contender.host, ...argv] : argv;
  const { stderr } = await execa(file!, args, {
    env: {
      ...contender.env,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/usr/lib/cni',
    },
  });
  return Number(stderr.trim().split('\n').at(-1)) / 1e6;
}

async function round(contender: Contender, serial: number, times: Times): Promise<void> {
  const namespace = `s32-bench-${contender.name}-${serial}`;
  await execa('ip', ['netns', 'add', namespace]);
  try {
    for (const verb of ['ADD', 'DEL'] as const) {
      times[verb].push(await timed(contender, verb, namespace, `/run/netns/${namespace}`));
    }
  } finally {
    await execa('ip', ['netns', 'delete', namespace]);
  }
}

function row(verb: 'ADD' | 'DEL', ours: Times, peer: Times): string {
  const cell = (value: number) => value.toFixed(2).padStart(8);
  const [our, their] = [ours[verb], peer[verb]];
  const ratio = median(our) / median(their);
  return `${verb}  ${[median(our), percentile(our, 99), median(their), percentile(their, 99), ratio].map(cell).join('')}`;
}

async function main(): Promise<void> {
  process.stdout.write('bringing up the fabric ...\n');
  const lab = await Lab.up(FABRIC, { name: 'bench' });
  const host = 's32-bench-host';
  try {
    await peersUp(lab);
    await execa('ip', ['netns', 'add', host]);
    const ours: Contender = {
      name: 'slash32',
      program: FORWARDER,
      conf: { cniVersion: '1.0.0', name: 'blue', type: 'slash32' },
      env: { SLASH32_SOCKET: lab.node('node1').cniSocket },
    };
    const ipam = {
      type: 'host-local',
      dataDir: join(scratch, 'host-local'),
      ranges: [[{ subnet: '10.99.0.0/16' }]],
    };
    const ptp: Contender = {
      name: 'ptp',
      program: '/usr/lib/cni/ptp',
      host,
      conf: { cniVersion: '1.0.0', name: 'ptp', type: 'ptp', ipam },
      env: {},
    };
    const times = { ours: { ADD: [], DEL: [] } as Times, ptp: { ADD: [], DEL: [] } as Times };
    for (let serial = -5; serial < ROUNDS; serial++) {
      const warm = serial < 0;
      await round(ours, serial, warm ? { ADD: [], DEL: [] } : times.ours);
      await round(ptp, serial, warm ? { ADD: [], DEL: [] } : times.ptp);
      if (serial % 20 === 0) process.stdout.write(`round ${serial} of ${ROUNDS}\n`);
    }
    process.stdout.write(
      `\n${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}, ${ROUNDS} rounds, ms\n`,
    );
    process.stdout.write(
      `verb  ours p50     p99 ptp p50     p99   ratio\n${row('ADD', times.ours, times.ptp)}\n${row('DEL', times.ours, times.ptp)}\n`,
    );
  } finally {
    await execa('ip', ['netns', 'delete', host], { reject: false });
    await lab.down();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
