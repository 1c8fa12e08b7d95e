/** What `Records` promise, whatever they lie on. */
import { expect } from 'chai';
import { address } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { exampleEndpoint } from '../model/example-endpoint.js';
import type { Records } from '../ports.js';

/** A fresh, empty implementation, and how to make its medium fail and work again. */
export interface RecordsUnderTest {
  readonly records: Records;
  breakMedium(): void;
  mendMedium(): void;
  close(): void;
}

const HOSTILE_IDS = [
  '..',
  '.',
  '../../etc/passwd',
  '/etc/passwd',
  '',
  ' ',
  '-rf',
  'a/b',
  'x'.repeat(300),
  'ünï→💥',
  '\u202e',
  '%2e%2e',
  'a\nb',
];

export function recordsContract(name: string, open: () => RecordsUnderTest): void {
  describe(`records ${name}`, function () {
    this.timeout(20_000);
    let under: RecordsUnderTest;
    let records: Records;
    beforeEach(() => {
      under = open();
      records = under.records;
    });
    afterEach(() => under.close());

    const saved = async () => (await records.all()).endpoints;
    const ids = (endpoints: readonly Endpoint[]) => endpoints.map((endpoint) => endpoint.containerId).sort();

    it('are empty at first', async () => {
      expect(await records.all()).to.deep.equal({ endpoints: [], unreadable: [] });
      expect(await records.freed()).to.deep.equal([]);
    });

    it('give back exactly what was saved', async () => {
      const { delegatedIpam: _, ...pools } = exampleEndpoint({ containerId: 'c2', addresses: [address('10.20.1.11')] });
      await records.save(exampleEndpoint());
      await records.save(pools);
      expect(await saved()).to.have.deep.members([exampleEndpoint(), pools]);
    });

    it('commit a pending endpoint by saving it once more', async () => {
      await records.save(exampleEndpoint({ state: 'pending' }));
      await records.save(exampleEndpoint());
      expect(await saved()).to.deep.equal([exampleEndpoint()]);
    });

    it('tell two interfaces of one container apart', async () => {
      await records.save(exampleEndpoint());
      await records.save(exampleEndpoint({ ifname: 'eth1' }));
      await records.remove({ containerId: 'c1', ifname: 'eth0' });
      expect(await saved()).to.deep.equal([exampleEndpoint({ ifname: 'eth1' })]);
    });

    it('remove what is gone already', async () => {
      await records.remove({ containerId: 'never', ifname: 'eth0' });
      await records.save(exampleEndpoint());
      await records.remove(exampleEndpoint());
      await records.remove(exampleEndpoint());
      expect(await saved()).to.deep.equal([]);
    });

    it('keep what was saved, not what became of the object afterwards', async () => {
      const endpoint = exampleEndpoint();
      const addresses = [address('10.20.1.99')];
      await records.save(endpoint);
      await records.saveFreed(addresses);
      Object.assign(endpoint.link, { index: 99 });
      addresses.pop();
      expect((await saved())[0]?.link.index).to.equal(7);
      expect(await records.freed()).to.deep.equal(['10.20.1.99']);
    });

    it('take any id, however hostile', async () => {
      for (const containerId of HOSTILE_IDS) await records.save(exampleEndpoint({ containerId, ifname: containerId }));
      expect(ids(await saved())).to.deep.equal([...HOSTILE_IDS].sort());
      for (const containerId of HOSTILE_IDS) await records.remove({ containerId, ifname: containerId });
      expect(await saved()).to.deep.equal([]);
    });

    it('remember the addresses freed last, and only those', async () => {
      await records.saveFreed([address('10.20.1.10'), address('2001:db8::1')]);
      await records.saveFreed([address('2001:db8::1')]);
      expect(await records.freed()).to.deep.equal(['2001:db8::1']);
      await records.saveFreed([]);
      expect(await records.freed()).to.deep.equal([]);
    });

    it('that cannot be written say so, and keep the old ones', async () => {
      await records.save(exampleEndpoint());
      under.breakMedium();
      const tries = [
        records.save(exampleEndpoint({ mtu: 9000 })),
        records.remove(exampleEndpoint()),
        records.saveFreed([]),
      ];
      const outcomes = await Promise.allSettled(tries);
      under.mendMedium();
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
      expect(await saved()).to.deep.equal([exampleEndpoint()]);
    });
  });
}
