/** K11 to K19: versions, conventions, and what stands on stdout. */
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call, Row, Trial } from './row.js';

/** ADD and DEL; the addresses that ADD gave, without their lengths. */
async function addressesOf(trial: Trial, call: Call): Promise<string[]> {
  const box = await trial.subject.box();
  const outcome = await trial.call('ADD', box, call);
  await trial.call('DEL', box, call);
  const ips = outcome.json?.ips as { address: string }[] | undefined;
  if (outcome.exitCode === 0 && ips) return ips.map(({ address }) => address.replace(/\/.*/, ''));
  return [outcome.json?.msg ?? 'nothing'];
}

async function attaches(trial: Trial, what: string, call: Call): Promise<void> {
  const box = await trial.subject.box();
  trial.succeeds(await trial.call('ADD', box, call), what);
  trial.succeeds(await trial.call('DEL', box, call), `DEL with ${what}`);
}

export const CONVENTION_ROWS: readonly Row[] = [
  {
    id: 'K11',
    promise:
      'takes a missing cniVersion as 0.1.0, refuses a number with code 6, and an unknown one with code 1 and the list',
    async run(trial) {
      const box = await trial.subject.box();
      const old = await trial.add(box, { conf: { cniVersion: undefined } });
      trial.that(old.json?.ip4 !== undefined, 'a missing cniVersion is not answered in the shape of 0.1.0');
      await trial.call('DEL', box, { conf: { cniVersion: undefined } });
      const refuse = async (cniVersion: unknown, codes: number[], says?: RegExp) =>
        trial.refused(
          await trial.call('ADD', box, { conf: { cniVersion } }),
          codes,
          `cniVersion ${JSON.stringify(cniVersion)}`,
          says,
        );
      await refuse(1, [6]);
      for (const unknown of ['9.9.9', '1.0', 'x.y']) await refuse(unknown, [1], /0\.1\.0.*1\.0\.0/);
    },
    why: 'every version that is none is answered the same way, with the list that tells what to write instead',
  },
  {
    id: 'K12',
    promise: 'tolerates unknown keys, capabilities that were left in, args, and cni.dev keys',
    run: (trial) =>
      attaches(trial, 'unknown keys', {
        conf: { colour: 'blue', capabilities: { ips: true }, args: { labels: ['a'] }, 'cni.dev/valid-attachments': [] },
      }),
  },
  {
    id: 'K13',
    promise:
      'reads CNI_ARGS in any order, ignores unknown keys only when told to, and refuses a malformed pair with code 4',
    async run(trial) {
      const args = (text: string): Call => ({ env: { CNI_ARGS: text } });
      await attaches(trial, 'an unknown key before IgnoreUnknown', args('FOO=bar;IgnoreUnknown=1'));
      await attaches(trial, 'an unknown key after IgnoreUnknown', args('IgnoreUnknown=true;FOO=bar'));
      const box = await trial.subject.box();
      for (const bad of ['FOO', '=x', 'FOO=bar'])
        trial.refused(await trial.call('ADD', box, args(bad)), [4], `CNI_ARGS ${bad}`);
    },
    why: 'a wish that is not understood must not look as if it was granted',
  },
  {
    id: 'K14',
    promise: 'reads runtimeConfig in whatever letter case the runtime writes it',
    async run(trial) {
      const [ip] = trial.subject.spareAddresses;
      for (const conf of [{ runtimeConfig: { ips: [`${ip}/32`] } }, { RuntimeConfig: { IPs: [`${ip}/32`] } }]) {
        const given = await addressesOf(trial, { conf: trial.subject.isOurs ? conf : prefixed(conf) });
        trial.that(given.includes(ip), `${Object.keys(conf)} gives ${given.join(', ')}, not ${ip}`);
      }
    },
  },
  {
    id: 'K15',
    promise: 'gives the requested address of runtimeConfig.ips before args.cni.ips before IP in CNI_ARGS',
    async run(trial) {
      const [first, second, third] = trial.subject.spareAddresses;
      const env = { CNI_ARGS: `IgnoreUnknown=1;IP=${third}` };
      const args = { cni: { ips: [second] } };
      for (const [wanted, conf] of [
        [first, { runtimeConfig: { ips: [first] }, args }],
        [second, { args }],
        [third, {}],
      ] as const) {
        const given = await addressesOf(trial, { env, conf });
        trial.that(
          given.includes(wanted),
          `with ${Object.keys(conf).join(', ') || 'CNI_ARGS'} ${wanted} is not given: ${given.join(', ')}`,
        );
      }
    },
    why: 'the conventions tell a plugin that understands `args` to ignore CNI_ARGS; host-local asks for all of them at once',
  },
  {
    id: 'K16',
    promise: 'answers an error with cniVersion, code, msg and details, where codes of its own begin at 100',
    async run(trial) {
      const { json } = await trial.call('ADD', await trial.subject.box(), {
        env: { CNI_NETNS: '/run/netns/s32-never-was' },
      });
      for (const key of ['cniVersion', 'code', 'msg', 'details'])
        trial.that(json?.[key] !== undefined, `an error has no ${key}`);
      trial.that([4, 8].includes(json?.code) || json?.code >= 100, `an error has code ${json?.code}`);
    },
    why: 'the remedy stands in `details`, and the version says how to read it',
  },
  {
    id: 'K17',
    promise: 'prints exactly one JSON document, or nothing',
    async run(trial) {
      const box = await trial.subject.box();
      const added = await trial.add(box);
      const refused = await trial.call('ADD', box, { conf: { cniVersion: '9.9.9' } });
      const removed = await trial.call('DEL', box);
      for (const one of [added, refused])
        trial.that(one.json !== undefined, `stdout is not one document: ${one.stdout.slice(0, 80)}`);
      trial.that(removed.stdout === '', `DEL prints ${removed.stdout.slice(0, 80)}`);
    },
  },
  {
    id: 'K18',
    promise: 'is not moved by NODE_OPTIONS, NODE_PATH, NODE_DEBUG or TRACEPARENT',
    run: (trial) =>
      attaches(trial, 'a strange environment', {
        env: {
          ...{ NODE_OPTIONS: '--require /s32-never-was.js', NODE_PATH: '/s32-never-was', NODE_DEBUG: 'net,http' },
          TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
      }),
  },
  {
    id: 'K19',
    promise: 'can be replaced by rename while it runs',
    async run(trial) {
      const directory = mkdtempSync(join(tmpdir(), 's32-conformance-'));
      const program = join(directory, 'plugin');
      const put = () => {
        copyFileSync(trial.subject.plugin, `${program}.new`);
        chmodSync(`${program}.new`, 0o755);
        renameSync(`${program}.new`, program);
      };
      try {
        put();
        const env = { CNI_COMMAND: 'VERSION' };
        const inFlight = Array.from({ length: 10 }, () =>
          trial.subject.execute(env, '{"cniVersion":"1.0.0"}', { program }),
        );
        put();
        const after = await trial.subject.execute(env, '{"cniVersion":"1.0.0"}', { program });
        for (const outcome of [...(await Promise.all(inFlight)), after])
          trial.succeeds(outcome, 'VERSION during an upgrade');
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  },
];

/** host-local compares a requested address with its length. */
function prefixed(conf: object): object {
  return JSON.parse(JSON.stringify(conf).replaceAll('/32', '/24')) as object;
}
