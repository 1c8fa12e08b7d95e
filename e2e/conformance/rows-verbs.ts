/** V13 to V17: CHECK, STATUS, GC, VERSION. */
import { until } from '../lab/until.js';
import type { Outcome } from './execute.js';
import type { Call, Row, Trial } from './row.js';
import type { Box } from './subject.js';

/** What somebody may do to an attachment behind the plugin's back. */
const SABOTAGE: readonly (readonly [string, (box: Box, added: Outcome) => readonly string[]])[] = [
  ['its link is down', () => ['ip', 'link', 'set', 'eth0', 'down']],
  ['its address is gone', (_, { json }) => ['ip', 'addr', 'del', json.ips[0].address, 'dev', 'eth0']],
  ['its default route is gone', () => ['ip', 'route', 'del', 'default']],
  ['its MAC address is another', () => ['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:77']],
  ['its link is gone', () => ['ip', 'link', 'del', 'eth0']],
];

async function sabotaged(trial: Trial): Promise<void> {
  for (const [what, argv] of SABOTAGE) {
    const box = await trial.subject.box();
    const added = await trial.add(box);
    const check = { conf: { prevResult: added.json } };
    trial.succeeds(await trial.call('CHECK', box, check), 'CHECK right after ADD');
    await box.exec(argv(box, added));
    const outcome = await trial.call('CHECK', box, check);
    trial.that(outcome.exitCode !== 0, `CHECK passes although ${what}`);
    trial.succeeds(await trial.call('DEL', box), 'DEL');
  }
}

/** The host route may come back by itself: what counts is that CHECK does not pass while it is missing. */
async function hostRouteGone(trial: Trial): Promise<void> {
  const box = await trial.subject.box();
  const { json } = await trial.add(box);
  const address = json.ips[0].address.replace(/\/.*/, '');
  const host = json.interfaces.find((one: { sandbox?: string }) => !one.sandbox).name;
  await trial.subject.onHost(['ip', 'route', 'flush', 'table', 'all', 'dev', host, 'root', `${address}/32`]);
  const outcome = await trial.call('CHECK', box, { conf: { prevResult: json } });
  const { stdout } = await trial.subject.onHost(['ip', 'route', 'get', address]);
  trial.that(outcome.exitCode !== 0 || stdout.includes(host), 'CHECK passes although the host has no route');
  trial.succeeds(await trial.call('DEL', box), 'DEL');
}

async function whileStopped(trial: Trial, work: () => Promise<void>): Promise<void> {
  await trial.subject.controller?.stop();
  try {
    await work();
  } finally {
    await trial.subject.controller?.start();
  }
}

/** Two attachments and one of another network; GC that knows only the first. */
async function collect(trial: Trial, keys: (valid: object[]) => object, call: Call = {}) {
  const [kept, stale, other] = [await trial.subject.box(), await trial.subject.box(), await trial.subject.box()];
  const elsewhere = { conf: trial.subject.otherConf };
  await trial.add(kept);
  await trial.add(stale);
  await trial.add(other, elsewhere);
  const conf = keys([{ containerID: kept.name, ifname: 'eth0' }]);
  const outcome = await trial.call('GC', kept, {
    cniVersion: '1.1.0',
    conf,
    env: { CNI_NETNS: '', CNI_IFNAME: '', CNI_CONTAINERID: '' },
    ...call,
  });
  trial.succeeds(outcome, `GC with ${Object.keys(conf).join(' and ') || 'no key'}`);
  const there = [kept, stale, other].map(async (box) => (await box.attempt(['ip', 'link', 'show', 'eth0'])).code === 0);
  const [isKept, isStale, isOther] = await Promise.all(there);
  for (const box of [kept, stale]) await trial.call('DEL', box);
  await trial.call('DEL', other, elsewhere);
  return { kept: isKept, stale: isStale, other: isOther };
}

async function status(trial: Trial, call: Call = {}): Promise<Outcome> {
  const env = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined };
  return trial.call('STATUS', await trial.subject.box(), { cniVersion: '1.1.0', env, ...call });
}

export const VERB_ROWS: readonly Row[] = [
  {
    id: 'V13',
    promise:
      'CHECK needs 0.4.0 and a prevResult, passes after ADD, and fails when link, address, route or MAC is wrong, or the controller is down',
    async run(trial) {
      const box = await trial.subject.box();
      const { json } = await trial.add(box);
      const check = { conf: { prevResult: json } };
      trial.succeeds(await trial.call('CHECK', box, check), 'CHECK right after ADD');
      trial.refused(await trial.call('CHECK', box, { cniVersion: '0.3.1', ...check }), [1], 'CHECK at 0.3.1');
      trial.refused(await trial.call('CHECK', box), [7], 'CHECK without prevResult');
      await sabotaged(trial);
      await hostRouteGone(trial);
      if (trial.subject.controller) {
        const impatient = { ...check, env: { SLASH32_CONNECT_MS: '500' } };
        await whileStopped(trial, async () =>
          trial.refused(await trial.call('CHECK', box, impatient), [11], 'CHECK without a controller'),
        );
      }
      trial.succeeds(await trial.call('DEL', box), 'DEL');
    },
    why: 'CHECK that passes over a broken container is worse than none',
  },
  {
    id: 'V14',
    promise: 'disableCheck concerns the runtime only: ADD and DEL are as ever',
    async run(trial) {
      const box = await trial.subject.box();
      const call = { conf: { disableCheck: true } };
      trial.succeeds(await trial.call('ADD', box, call), 'ADD with disableCheck');
      trial.succeeds(await trial.call('DEL', box, call), 'DEL with disableCheck');
    },
  },
  {
    id: 'V15',
    promise: 'STATUS needs 1.1.0, says in under a second that ADD can work, and 50 when it cannot',
    async run(trial) {
      const healthy = await status(trial);
      trial.succeeds(healthy, 'STATUS');
      trial.that(healthy.milliseconds < 1000, `STATUS takes ${Math.round(healthy.milliseconds)} ms`);
      trial.refused(await status(trial, { cniVersion: '1.0.0' }), [1], 'STATUS at 1.0.0');
      if (!trial.subject.controller) return;
      await whileStopped(trial, async () => trial.refused(await status(trial), [50], 'STATUS without a controller'));
      await until(async () => (await status(trial)).exitCode === 0, { what: 'STATUS to be good again' });
    },
    why: 'a runtime that asks before it starts a pod needs an answer from memory',
  },
  {
    id: 'V16',
    promise:
      'GC needs 1.1.0, removes what is not valid by either key, all with null, nothing without a key, and never of another network',
    async run(trial) {
      await trial.changesNothing('four GCs with the DELs of what they left', async () => {
        const both = (valid: unknown) => ({ 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid });
        const expected = { kept: true, stale: false, other: true };
        for (const [what, keys, wanted] of [
          ['both keys', both, expected],
          ['the old key', (valid: unknown) => ({ 'cni.dev/attachments': valid }), expected],
          ['null', () => both(null), { kept: false, stale: false, other: true }],
          ['no key', () => ({}), { kept: true, stale: true, other: true }],
        ] as const) {
          const there = await collect(trial, keys);
          trial.that(
            JSON.stringify(there) === JSON.stringify(wanted),
            `after GC with ${what}: ${JSON.stringify(there)}`,
          );
        }
      });
      const box = await trial.subject.box();
      trial.refused(await trial.call('GC', box, { conf: { 'cni.dev/valid-attachments': [] } }), [1], 'GC at 1.0.0');
    },
    why: 'containers that vanish without DEL are a fact; GC is what takes their addresses back',
  },
  {
    id: 'V17',
    promise:
      "VERSION works with libcni's dummies, in the version that asks, with an open or empty stdin, and without a controller",
    async run(trial) {
      const dummies = { CNI_CONTAINERID: undefined, CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' };
      const box = await trial.subject.box();
      const ask = async (what: string, call: Call = {}) => {
        const { exitCode, json } = await trial.call('VERSION', box, { env: dummies, killAfter: 3000, ...call });
        trial.that(exitCode === 0 && json?.supportedVersions?.includes('1.0.0'), `VERSION ${what} fails`);
        return json?.cniVersion;
      };
      const version = await ask('with dummies', { cniVersion: '0.4.0' });
      trial.that(version === '0.4.0', `VERSION asked in 0.4.0 answers in ${version}`);
      await ask('with an empty stdin', { stdin: '' });
      if (trial.subject.controller) await whileStopped(trial, async () => void (await ask('without a controller')));
    },
    why: 'a runtime asks before it knows anything, and while everything else is down',
  },
];
