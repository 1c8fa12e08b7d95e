/** V1 to V8: ADD. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failing, scriptedIpam } from './ipam.js';
import { NotApplicable, type Row } from './row.js';

export const ADD_ROWS: readonly Row[] = [
  {
    id: 'V1',
    promise:
      'ADD answers in the asked version with both ends of the veth, /32 and /128, and the kernel is as the answer says',
    async run(trial) {
      const box = await trial.subject.box();
      const { json } = await trial.add(box);
      trial.that(json.cniVersion === '1.0.0', `the result has version ${json.cniVersion}`);
      const index = json.interfaces.findIndex((one: { sandbox?: string }) => one.sandbox === box.netns);
      trial.that(index >= 0, 'no interface of the result has CNI_NETNS as its sandbox');
      for (const ip of json.ips) trial.that(ip.interface === index, 'an address is not of the container interface');
      const lengths = json.ips.map((ip: { address: string }) => ip.address.replace(/.*\//, '')).join(' and ');
      trial.that(lengths === '32 and 128', `addresses have lengths ${lengths}`);
      trial.that(json.routes?.length > 0, 'no routes are listed');
      const host = json.interfaces.find((one: { sandbox?: string }) => !one.sandbox)?.name;
      trial.that(
        (await trial.subject.onHost(['ip', 'link', 'show', host])).code === 0,
        'the host link of the result does not exist',
      );
      for (const { address } of json.ips as { address: string }[]) {
        const shown = await trial.subject.onHost(['ip', 'route', 'get', address.replace(/\/.*/, '')]);
        trial.that(shown.stdout.includes(`dev ${host}`), 'the host has no route to an address of the result');
      }
      trial.succeeds(await trial.call('DEL', box), 'DEL');
    },
    why: 'a container is one host route: /32 and /128, so no neighbour of its subnet is expected on its link',
  },
  {
    id: 'V2',
    promise:
      'ADD of an interface name that the container has already is an error, changes nothing and leaves the interface alone',
    async run(trial) {
      const box = await trial.subject.box();
      await box.exec(['ip', 'link', 'add', 'eth0', 'type', 'bridge']);
      const before = await box.exec(['ip', '-d', '-o', 'link', 'show', 'eth0']);
      await trial.changesNothing('the refused ADD', async () => {
        trial.that((await trial.call('ADD', box)).exitCode !== 0, 'ADD succeeds');
      });
      trial.that(
        (await box.attempt(['ip', '-d', '-o', 'link', 'show', 'eth0'])).stdout === before,
        'the interface has changed',
      );
    },
  },
  {
    id: 'V3',
    promise: 'a second ADD of the same attachment is an error, and the first keeps working',
    async run(trial) {
      const box = await trial.subject.box();
      await trial.add(box);
      const before = await box.exec(['ip', '-o', 'addr', 'show', 'eth0']);
      await trial.changesNothing('the second ADD', async () => {
        trial.that((await trial.call('ADD', box)).exitCode !== 0, 'the second ADD succeeds');
      });
      trial.that(
        (await box.attempt(['ip', '-o', 'addr', 'show', 'eth0'])).stdout === before,
        'the first attachment has changed',
      );
      trial.succeeds(await trial.call('DEL', box), 'DEL');
    },
    why: 'an ADD that fails must give back all that it took, and nothing that it did not take',
  },
  {
    id: 'V4',
    promise: 'ADD of the same container with another interface name is an attachment of its own',
    async run(trial) {
      const box = await trial.subject.box();
      const second = { env: { CNI_IFNAME: 'net1' } };
      // The second needs no routes of its own here: two defaults in one namespace are a question of networks.
      await trial.add(box);
      trial.succeeds(await trial.call('ADD', box, second), 'ADD of net1');
      trial.succeeds(await trial.call('DEL', box), 'DEL of eth0');
      trial.that((await box.attempt(['ip', 'link', 'show', 'net1'])).code === 0, 'DEL of eth0 takes net1 away');
      trial.succeeds(await trial.call('DEL', box, second), 'DEL of net1');
    },
    why: 'both interfaces ask for the same default route; slash32 gives the second one a lower preference',
  },
  {
    id: 'V5',
    promise: 'ADD with a prevResult passes it on with its own interfaces added, or refuses it with code 7',
    async run(trial) {
      const box = await trial.subject.box();
      const interfaces = [{ name: 'dummy0', mac: '02:00:00:00:00:09', sandbox: box.netns }];
      const prevResult = { cniVersion: '1.0.0', interfaces, ips: [], routes: [], dns: {} };
      const outcome = await trial.call('ADD', box, { conf: { prevResult } });
      if (outcome.exitCode !== 0) return trial.refused(outcome, [7], 'a prevResult');
      const names = outcome.json.interfaces.map((one: { name: string }) => one.name);
      trial.that(
        names.includes('dummy0') && names.includes('eth0'),
        `the result has the interfaces ${names.filter((name: string) => !name.startsWith('veth')).join(', ')} only`,
      );
      const owner = outcome.json.interfaces[outcome.json.ips[0].interface]?.name;
      trial.that(owner === 'eth0', `the address belongs to ${owner}`);
      trial.succeeds(await trial.call('DEL', box), 'DEL');
    },
    why: 'the specification: a plugin passes through what came before it',
  },
  {
    id: 'V6',
    promise:
      'ADD into no namespace, a file, a directory, the host, another type of namespace or a FIFO is refused with code 4 or 8 at once',
    async run(trial) {
      const box = await trial.subject.box();
      const directory = mkdtempSync(join(tmpdir(), 's32-conformance-'));
      execFileSync('mkfifo', [`${directory}/fifo`]);
      const places = {
        'a missing path': '/run/netns/s32-never-was',
        'a file': '/etc/hostname',
        'a directory': '/etc',
        'the host': trial.subject.hostNetns,
        'a mount namespace': '/proc/self/ns/mnt',
        'a FIFO': `${directory}/fifo`,
      };
      await trial.changesNothing('ADD into what is no container', async () => {
        for (const [what, CNI_NETNS] of Object.entries(places))
          trial.refused(await trial.call('ADD', box, { env: { CNI_NETNS }, killAfter: 15_000 }), [4, 8], what);
      });
      rmSync(directory, { recursive: true });
    },
    why: "a wrong namespace is the caller's mistake and has a code of its own; opening a FIFO would block for ever",
  },
  {
    id: 'V7',
    promise: 'ADD whose IPAM plugin fails calls its DEL and passes its code on',
    async run(trial) {
      using ipam = scriptedIpam(failing(177, 'no address today'), 'true');
      const box = await trial.subject.box();
      const call = { conf: { ipam: { type: ipam.type } }, env: { CNI_PATH: ipam.directory } };
      await trial.changesNothing('an ADD whose IPAM plugin fails', async () => {
        trial.refused(await trial.call('ADD', box, call), [177], 'a failing IPAM plugin', /no address today/);
      });
      trial.that(
        ipam.calls().join() === 'ADD,DEL',
        `the IPAM plugin was called with ${ipam.calls().join(', then ')} only`,
      );
    },
    why: 'a plugin that failed half-way may have reserved something, and the specification wants its DEL called',
  },
  {
    id: 'V8',
    promise: 'ADD while the controller is down is refused with code 11 in time, and nothing is left',
    async run(trial) {
      const { controller } = trial.subject;
      if (!controller) throw new NotApplicable('it has no controller');
      const box = await trial.subject.box();
      const before = await trial.subject.holdings();
      await controller.stop();
      try {
        const outcome = await trial.call('ADD', box, { env: { SLASH32_CONNECT_MS: '500' } });
        trial.refused(outcome, [11], 'ADD without a controller');
        trial.that(
          outcome.milliseconds < 8000, // and not after the usual 10 s
          `it takes ${Math.round(outcome.milliseconds)} ms`,
        );
      } finally {
        await controller.start();
      }
      await trial.holds(before, 'ADD without a controller');
    },
  },
];
