/** K1 to K10: what is wrong in environment or stdin, and how a plugin says so. */
import { OPEN } from './execute.js';
import type { Call, Row, Trial } from './row.js';

/** Refused as ADD, and nothing has changed. */
async function refusedAdd(
  trial: Trial,
  calls: readonly (readonly [string, Call, RegExp?])[],
  codes: readonly number[],
) {
  const box = await trial.subject.box();
  await trial.changesNothing('a refused ADD', async () => {
    for (const [what, call, says] of calls) {
      trial.refused(await trial.call('ADD', box, { killAfter: 15_000, ...call }), codes, what, says);
    }
  });
}

const environment = (name: string, values: readonly string[], shown = JSON.stringify) =>
  values.map((value): readonly [string, Call] => [`${name} ${shown(value)}`, { env: { [name]: value } }]);
const stdin = (what: string, bytes: string | Uint8Array): readonly [string, Call] => [what, { stdin: bytes }];

export const INPUT_ROWS: readonly Row[] = [
  {
    id: 'K1',
    promise: 'without CNI_COMMAND says what it is and which versions it supports on stderr, and exits with 0',
    async run(trial) {
      const outcome = await trial.call('', await trial.subject.box(), { env: { CNI_COMMAND: undefined } });
      trial.that(outcome.exitCode === 0, `exits with ${outcome.exitCode}`);
      trial.that(outcome.stdout === '', 'prints on stdout');
      trial.that(/1\.0\.0/.test(outcome.stderr), 'names no versions on stderr');
    },
  },
  {
    id: 'K2',
    promise: 'refuses an unknown or lower-case command with code 4 and names it',
    async run(trial) {
      await refusedAdd(
        trial,
        ['FROBNICATE', 'add'].map((verb) => [`CNI_COMMAND ${verb}`, { env: { CNI_COMMAND: verb } }, new RegExp(verb)]),
        [4],
      );
    },
  },
  {
    id: 'K3',
    promise: 'names all missing variables in one error with code 4',
    async run(trial) {
      const env = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined };
      await refusedAdd(
        trial,
        [['an ADD without variables', { env }, /(?=.*CNI_CONTAINERID)(?=.*CNI_NETNS)(?=.*CNI_IFNAME)/]],
        [4],
      );
    },
  },
  {
    id: 'K4',
    promise: 'refuses a hostile container id with code 4, and takes one of 300 characters',
    async run(trial) {
      await refusedAdd(trial, environment('CNI_CONTAINERID', ['../x', '-a', '.a', 'a b', 'a/b', 'é', 'a\nb', '']), [4]);
      const box = await trial.subject.box();
      const long = { env: { CNI_CONTAINERID: `${box.name}${'x'.repeat(300)}`.slice(0, 300) } };
      trial.succeeds(await trial.call('ADD', box, long), 'ADD of a container id of 300 characters');
      trial.succeeds(await trial.call('DEL', box, long), 'DEL of a container id of 300 characters');
    },
    why: 'an id of 300 characters is legal, so it must not become a file name as it is',
  },
  {
    id: 'K5',
    promise: 'refuses an interface name that the kernel or a log would stumble over with code 4, counted in bytes',
    async run(trial) {
      const bad = [
        '',
        '.',
        '..',
        'a/b',
        'a:b',
        'a b',
        'sixteen-bytes-16',
        'éééééééé',
        'lo',
        'eth%d',
        'a\tb',
        'a\u0001b',
      ];
      await refusedAdd(trial, environment('CNI_IFNAME', bad), [4]);
      for (const legal of ['é', '-eth0']) {
        const box = await trial.subject.box();
        trial.succeeds(await trial.call('ADD', box, { env: { CNI_IFNAME: legal } }), `an interface named ${legal}`);
        trial.succeeds(
          await trial.call('DEL', box, { env: { CNI_IFNAME: legal } }),
          `DEL of an interface named ${legal}`,
        );
      }
    },
    why: '`lo` is the loopback of every namespace, `%` asks the kernel for a number, and control characters break log lines',
  },
  {
    id: 'K6',
    promise: 'refuses stdin that is no JSON object with code 6, and does not repeat it',
    async run(trial) {
      await refusedAdd(
        trial,
        [stdin('an empty stdin', ''), stdin('malformed JSON', '{"secret": canary'), stdin('an array', '[]')],
        [6],
      );
      const outcome = await trial.call('ADD', await trial.subject.box(), { stdin: '{"secret": canary' });
      trial.that(!/canary/.test(outcome.stdout + outcome.stderr), 'malformed JSON is repeated in the answer');
    },
  },
  {
    id: 'K7',
    promise: 'refuses a configuration without a name, or with a bad one, with code 7',
    async run(trial) {
      await refusedAdd(
        trial,
        [
          ['null', { stdin: 'null' }],
          ['no name', { conf: { name: undefined } }],
          ['the name a/b', { conf: { name: 'a/b' } }],
          ['the name ..', { conf: { name: '..' } }],
        ],
        [7],
      );
    },
  },
  {
    id: 'K8',
    promise: 'refuses invalid UTF-8 and a nesting of 100,000, and takes a __proto__ key and duplicate keys as Go does',
    async run(trial) {
      const conf = JSON.stringify({ cniVersion: '1.0.0', ...trial.subject.conf });
      const with_ = (text: string) => `${conf.slice(0, -1)},${text}}`;
      const invalid = Buffer.concat([
        Buffer.from(`${conf.slice(0, -1)},"x":"`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}'),
      ]);
      const deep = with_(`"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`);
      await refusedAdd(trial, [stdin('invalid UTF-8', invalid), stdin('a nesting of 100,000', deep)], [6, 7]);
      await refusedAdd(trial, [stdin('a bad name after a good one', with_('"name":"a/b"'))], [7]);
      const box = await trial.subject.box();
      const polluted = await trial.call('ADD', box, { stdin: with_('"__proto__":{"name":"a/b","mtu":"many"}') });
      trial.succeeds(polluted, 'a __proto__ key');
      trial.succeeds(await trial.call('DEL', box), 'DEL');
    },
    why: 'a byte that is no text is refused instead of being replaced, since it would come back changed in records',
  },
  {
    id: 'K9',
    promise: 'refuses 10 MB of stdin with code 5, at once',
    async run(trial) {
      const big = JSON.stringify({ cniVersion: '1.0.0', ...trial.subject.conf, padding: 'x'.repeat(10_000_000) });
      await refusedAdd(trial, [stdin('a stdin of 10 MB', big)], [5]);
    },
    why: 'one daemon serves all containers of a node, so no single request may take its memory: 1 MiB is the limit',
  },
  {
    id: 'K10',
    promise: 'does not wait for ever for a stdin that is never closed: code 5',
    async run(trial) {
      const call = { stdin: OPEN, env: { SLASH32_STDIN_MS: '500' }, killAfter: 6000 } as const;
      await refusedAdd(trial, [['a stdin that stays open', call]], [5]);
    },
    why: 'a runtime that forgets to close stdin gets an error after 10 s (0.5 s in the test) instead of a stuck process',
  },
];
