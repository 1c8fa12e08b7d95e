/** V9 to V12 and V18: DEL, which succeeds whenever there is nothing (left) to do. */
import { until } from '../lab/until.js';
import { failing, scriptedIpam } from './ipam.js';
import type { Call, Row, Trial } from './row.js';
import type { Box } from './subject.js';

async function delWhileStopped(trial: Trial): Promise<void> {
  const { controller } = trial.subject;
  if (!controller) return;
  await trial.changesNothing('ADD, DEL while the controller is down, and its return', async () => {
    const box = await trial.subject.box();
    await trial.add(box);
    await controller.stop();
    try {
      trial.succeeds(await trial.call('DEL', box), 'DEL while the controller is down');
    } finally {
      await controller.start();
    }
  });
}

/** Kills an ADD while its IPAM plugin thinks, then sends the DEL that containerd sends. */
async function killedInIpam(trial: Trial): Promise<void> {
  using ipam = scriptedIpam(`sleep 2; touch $RESERVED; ${failing(177, 'too late')}`, 'rm -f $RESERVED');
  const call = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
  const box = await trial.subject.box();
  const killWhen = until(() => ipam.calls().includes('ADD'), { what: 'the IPAM plugin to be asked' });
  await trial.call('ADD', box, { ...call, killWhen });
  await trial.call('DEL', box, call);
  // As long as a surviving child would need to reserve after the DEL.
  await until(() => ipam.isReserved(), { what: 'a reservation', timeout: 2500 }).catch(() => {});
  trial.that(
    !ipam.isReserved(),
    'an ADD that is killed leaves a child behind, which reserves an address after the DEL',
  );
}

async function killedAnywhere(trial: Trial): Promise<void> {
  await trial.changesNothing('20 ADDs killed at different moments, each with its DEL', async () => {
    for (let moment = 1; moment <= 20; moment++) {
      const box = await trial.subject.box();
      await trial.call('ADD', box, { killAfter: moment });
      trial.succeeds(await trial.call('DEL', box), 'DEL after a killed ADD');
      const left = await box.attempt(['ip', 'link', 'show', 'eth0']);
      trial.that(left.code !== 0, 'eth0 is left in a container');
      await box.remove();
    }
  });
}

const isThere = async (box: Box) => (await box.attempt(['ip', 'link', 'show', 'eth0'])).code === 0;

export const DEL_ROWS: readonly Row[] = [
  {
    id: 'V9',
    promise:
      'DEL succeeds for an unknown id, twice, before ADD, without or with a vanished namespace, with a corrupt prevResult, and while the controller is down',
    async run(trial) {
      const unknown = await trial.subject.box();
      await trial.changesNothing('all of these DELs', async () => {
        trial.succeeds(await trial.call('DEL', unknown), 'DEL before ADD');
        const without = { env: { CNI_NETNS: undefined } };
        trial.succeeds(await trial.call('DEL', unknown, without), 'DEL without CNI_NETNS');
        const box = await trial.subject.box();
        await trial.add(box);
        for (const what of ['DEL', 'the second DEL']) trial.succeeds(await trial.call('DEL', box), what);
        trial.succeeds(await trial.call('DEL', box, { conf: { prevResult: null } }), 'DEL with prevResult null');
        const corrupt = { conf: { prevResult: { cniVersion: '1.0.0', ips: 'many' } } };
        trial.succeeds(await trial.call('DEL', box, corrupt), 'DEL with a corrupt prevResult');
        const vanished = await trial.subject.box();
        await trial.add(vanished);
        await vanished.remove();
        trial.succeeds(await trial.call('DEL', vanished), 'DEL of a vanished namespace');
      });
      await delWhileStopped(trial);
    },
    why: 'DEL that fails for something it does not need blocks the removal of a container for ever',
  },
  {
    id: 'V10',
    promise: 'DEL with an empty CNI_NETNS removes everything of a container that still lives',
    async run(trial) {
      await trial.changesNothing('ADD, and DEL with an empty CNI_NETNS', async () => {
        const box = await trial.subject.box();
        await trial.add(box);
        trial.succeeds(await trial.call('DEL', box, { env: { CNI_NETNS: '' } }), 'DEL');
        trial.that(!(await isThere(box)), 'the interface is left in the container');
        await box.remove();
      });
    },
    why: 'containerd sends its later DELs without a namespace, so the host end is found by what was recorded',
  },
  {
    id: 'V11',
    promise: "DEL of another container's id with the same namespace succeeds, and leaves the owner alone",
    async run(trial) {
      const owner = await trial.subject.box();
      await trial.add(owner);
      await trial.changesNothing('DEL of a foreign id', async () => {
        trial.succeeds(await trial.call('DEL', owner, { env: { CNI_CONTAINERID: 'somebody-else' } }), 'DEL');
      });
      trial.that(await isThere(owner), "the owner's live interface is deleted");
      await trial.call('DEL', owner);
    },
    why: 'the attachment is the key, not the namespace: a late DEL for an old sandbox must not cut off the new one',
  },
  {
    id: 'V12',
    promise: 'an error of DEL never holds words that go-cni takes for success',
    async run(trial) {
      using ipam = scriptedIpam('true', failing(11, 'lease not found: no such file or directory'));
      const call = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
      const swallowed = async (refused: Call) => {
        const { exitCode, stdout } = await trial.call('DEL', await trial.subject.box(), refused);
        return exitCode !== 0 && /not found|no such file/i.test(stdout);
      };
      const passedOn = await swallowed(call);
      trial.that(!passedOn, 'an error of the IPAM plugin that should be tried again is passed on as "not found"');
      const missing = { conf: { ipam: { type: 's32-nobody-has-this' } } };
      trial.that(!(await swallowed(missing)), 'an IPAM plugin that is not installed is reported as "not found"');
    },
    why: 'go-cni drops a DEL error that says "not found", so it would never be tried again',
  },
  {
    id: 'V18',
    promise: 'whenever an ADD is killed, the DEL that follows leaves nothing',
    async run(trial) {
      await killedInIpam(trial);
      if (!trial.subject.isOurs && trial.differences.length > 0) return;
      await killedAnywhere(trial);
    },
    why: 'the controller undoes an ADD whose runtime has left, and DEL waits for that',
  },
];
