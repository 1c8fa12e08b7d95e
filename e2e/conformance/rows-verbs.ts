/** V13 to V17: CHECK, STATUS, GC, VERSION. */
import { GOBGP_API } from '../lab/image.js';
import { until } from '../lab/until.js';
import { OPEN, type Outcome } from './execute.js';
import { failing, scriptedIpam } from './ipam.js';
import type { Call, Row, Trial } from './row.js';
import type { Box } from './subject.js';

/** What somebody may do to an attachment behind the plugin's back. */
const SABOTAGE: readonly (readonly [string, (box: Box, added: Outcome) => readonly string[]])[] = [
  ['its link is down', () => ['ip', 'link', 'set', 'eth0', 'down']],
  ['its address is gone', (_, { json }) => ['ip', 'addr', 'del', json.ips[0].address, 'dev', 'eth0']],
  ['its IPv6 address is gone', (_, { json }) => ['ip', 'addr', 'del', json.ips[1].address, 'dev', 'eth0']],
  ['its default route is gone', () => ['ip', 'route', 'del', 'default']],
  ['its IPv6 default route is gone', () => ['ip', '-6', 'route', 'del', 'default']],
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

/** The host's side of ours: what, how it is broken, and how one sees that the controller has put it right already. */
const HOST_SABOTAGE: readonly (readonly [
  string,
  (host: string, v4: string) => readonly string[],
  ((host: string, v4: string) => readonly string[])?,
])[] = [
  ['the host link is down', (host) => ['ip', 'link', 'set', host, 'down']],
  ["the host's neighbour is gone", (host, v4) => ['ip', 'neigh', 'del', v4, 'dev', host]],
  [
    'the gateway is gone from the host link',
    (host) => ['ip', '-6', 'route', 'del', 'local', 'fe80::1', 'dev', host, 'table', 'local'],
  ],
  ['rp_filter is off', (host) => ['sysctl', '-q', '-w', `net.ipv4.conf.${host}.rp_filter=0`]],
  [
    'its nft element is gone',
    (host, v4) => ['nft', 'delete', 'element', 'inet', 'slash32', 'source4', `{ "${host}" . ${v4} }`],
    (host, v4) => ['nft', 'get', 'element', 'inet', 'slash32', 'source4', `{ "${host}" . ${v4} }`],
  ],
  [
    'the route of its network is gone',
    (_, v4) => ['ip', 'route', 'del', v4, 'table', '1001'],
    (_, v4) => ['sh', '-c', `ip route show table 1001 | grep -qwF ${v4}`],
  ],
  [
    'its announcement is gone',
    (_, v4) => ['gobgp', '--target', GOBGP_API, 'global', 'rib', 'del', `${v4}/32`],
    (_, v4) => ['sh', '-c', `gobgp --target ${GOBGP_API} global rib ${v4}/32 | grep -qF ${v4}`],
  ],
];

/** What the controller repairs may be repaired already: what counts is that CHECK does not pass while it is missing. */
async function sabotagedOnHost(trial: Trial): Promise<void> {
  for (const [what, sabotage, repaired] of HOST_SABOTAGE) {
    const box = await trial.subject.box();
    const { json } = await trial.add(box);
    const v4 = json.ips[0].address.replace(/\/.*/, '');
    const host = json.interfaces.find((one: { sandbox?: string }) => !one.sandbox).name;
    const done = await trial.subject.onHost(sabotage(host, v4));
    trial.that(done.code === 0, `cannot be tried: ${what}: ${done.stderr}`);
    const { exitCode } = await trial.call('CHECK', box, { conf: { prevResult: json } });
    const isRepaired = repaired !== undefined && (await trial.subject.onHost(repaired(host, v4))).code === 0;
    trial.that(exitCode !== 0 || isRepaired, `CHECK passes although ${what}`);
    trial.succeeds(await trial.call('DEL', box), `DEL after ${what}`);
  }
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

const NOBODY = { 'cni.dev/valid-attachments': [], 'cni.dev/attachments': [] };

function gcOfNobody(trial: Trial, box: Box): Promise<Outcome> {
  return trial.call('GC', box, { cniVersion: '1.1.0', conf: NOBODY, env: { CNI_NETNS: '', CNI_IFNAME: '' } });
}

/** A GC whose list was made before an ADD began must not take away what that ADD is about to make. */
async function besideAnAdd(trial: Trial): Promise<void> {
  const answer = { cniVersion: '1.0.0', ips: [{ address: `${trial.subject.spareAddresses[0]}/24` }] };
  using ipam = scriptedIpam(`touch $RESERVED; sleep 2; echo '${JSON.stringify(answer)}'`, 'rm -f $RESERVED');
  const call = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
  const box = await trial.subject.box();
  const adding = trial.call('ADD', box, call);
  await until(() => ipam.isReserved(), { what: 'the ADD to be at its IPAM plugin' });
  await gcOfNobody(trial, box);
  trial.succeeds(await adding, 'ADD beside a GC');
  const isThere = (await box.attempt(['ip', 'link', 'show', 'eth0'])).code === 0;
  trial.that(isThere, 'a GC takes away what an ADD in flight has made');
  await trial.call('DEL', box, call);
}

/** One whose address cannot be given back, between two that can go. */
async function pastAnError(trial: Trial): Promise<void> {
  const answer = { cniVersion: '1.0.0', ips: [{ address: `${trial.subject.spareAddresses[1]}/24` }] };
  const refusal = `[ -e $RESERVED ] && { rm $RESERVED; ${failing(177, 'come back later')}; }; true`;
  using ipam = scriptedIpam(`touch $RESERVED; echo '${JSON.stringify(answer)}'`, refusal);
  const boxes = [await trial.subject.box(), await trial.subject.box(), await trial.subject.box()] as const;
  const stubborn = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
  await trial.add(boxes[0]);
  await trial.add(boxes[1], stubborn);
  await trial.add(boxes[2]);
  const outcome = await gcOfNobody(trial, boxes[0]);
  trial.that(
    outcome.exitCode !== 0 && /come back later/.test(outcome.stdout),
    'GC does not report what it could not remove',
  );
  for (const box of [boxes[0], boxes[2]]) {
    const isThere = (await box.attempt(['ip', 'link', 'show', 'eth0'])).code === 0;
    trial.that(!isThere, 'GC stops at the first error');
  }
  for (const box of boxes) await trial.call('DEL', box, box === boxes[1] ? stubborn : {});
}

async function status(trial: Trial, call: Call = {}): Promise<Outcome> {
  const env = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined };
  return trial.call('STATUS', await trial.subject.box(), { cniVersion: '1.1.0', env, ...call });
}

export const VERB_ROWS: readonly Row[] = [
  {
    id: 'V13',
    promise:
      'CHECK needs 0.4.0 and a prevResult, passes after ADD, and fails when link, MAC, address, route, neighbour, sysctl, nft element or announcement is wrong, or the controller is down',
    async run(trial) {
      const box = await trial.subject.box();
      const { json } = await trial.add(box);
      const check = { conf: { prevResult: json } };
      trial.succeeds(await trial.call('CHECK', box, check), 'CHECK right after ADD');
      trial.refused(await trial.call('CHECK', box, { cniVersion: '0.3.1', ...check }), [1], 'CHECK at 0.3.1');
      trial.refused(await trial.call('CHECK', box), [7], 'CHECK without prevResult');
      await sabotaged(trial);
      await hostRouteGone(trial);
      if (trial.subject.isOurs) await sabotagedOnHost(trial);
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
    promise:
      'STATUS needs 1.1.0, says in under a second that ADD can work, 50 when it cannot, and 51 when no peer is left',
    async run(trial) {
      let healthy = await status(trial);
      trial.succeeds(healthy, 'STATUS');
      // On a busy machine a process may not even have begun by then: the best of some.
      for (let more = 0; more < 4 && healthy.milliseconds >= 1000; more++) healthy = await status(trial);
      trial.that(healthy.milliseconds < 1000, `STATUS takes ${Math.round(healthy.milliseconds)} ms`);
      trial.refused(await status(trial, { cniVersion: '1.0.0' }), [1], 'STATUS at 1.0.0');
      if (!trial.subject.controller) return;
      await whileStopped(trial, async () => trial.refused(await status(trial), [50], 'STATUS without a controller'));
      const good = async () => (await status(trial)).exitCode === 0;
      await until(good, { what: 'STATUS to be good again' });
      await trial.subject.controller.peers('shut');
      try {
        const cutOff = async () => (await status(trial)).json?.code === 51;
        await until(cutOff, { what: 'STATUS 51' });
      } finally {
        await trial.subject.controller.peers('open');
      }
      await until(good, { what: 'STATUS to be good again' });
    },
    why: 'a runtime that asks before it starts a pod needs an answer from memory',
  },
  {
    id: 'V16',
    promise:
      'GC needs 1.1.0, removes what is not valid by either key, all with null, nothing without a key, never of another network nor an ADD in flight, and goes on past an error',
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
      await besideAnAdd(trial);
      await pastAnError(trial);
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
        const { exitCode, json } = await trial.call('VERSION', box, { env: dummies, killAfter: 15_000, ...call });
        trial.that(exitCode === 0 && json?.supportedVersions?.includes('1.0.0'), `VERSION ${what} fails`);
        return json?.cniVersion;
      };
      const version = await ask('with dummies', { cniVersion: '0.4.0' });
      trial.that(version === '0.4.0', `VERSION asked in 0.4.0 answers in ${version}`);
      await ask('with an empty stdin', { stdin: '' });
      await ask('with an open stdin', { stdin: OPEN });
      if (trial.subject.controller) await whileStopped(trial, async () => void (await ask('without a controller')));
    },
    why: 'a runtime asks before it knows anything, and while everything else is down',
  },
];
