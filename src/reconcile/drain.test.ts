import { expect } from 'chai';
import type { DrainRecord, Duty } from '../model/duty.js';
import { Drain } from './drain.js';
import { HandClock } from './stories/stage.js';

/** A node whose containers get so many packets each second, one after the other; the last number goes on. */
class DrainedNode {
  readonly clock = new HandClock();
  readonly duties: Duty[] = [];
  record: DrainRecord | undefined;
  #delivered = 0;
  readonly #rates: number[];

  constructor(...rates: number[]) {
    this.#rates = rates;
  }

  drain(): Drain {
    const duties = this.duties;
    return new Drain({
      routing: {
        get duty() {
          return duties.at(-1) ?? 'on';
        },
        set duty(duty) {
          duties.push(duty);
        },
        allSaid: async () => {},
      },
      clock: this.clock,
      store: {
        load: () => this.record,
        save: (record) => {
          this.record = record;
        },
      },
      delivered: () => this.#delivered,
      failed: () => {},
    });
  }

  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      this.#delivered += this.#rates.length > 1 ? this.#rates.shift()! : this.#rates[0]!;
      this.clock.step(1000);
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('a drain', () => {
  it('says that it leaves, waits until packets have stopped for three seconds, and withdraws', async () => {
    const node = new DrainedNode(100, 80, 2, 0, 90, 3, 2, 1);
    const done = node.drain().drain(60);
    await node.seconds(1);
    expect(node.duties).to.eql(['leaving']);
    await node.seconds(6);
    expect(node.duties).to.eql(['leaving']);
    await node.seconds(1);
    expect(node.duties).to.eql(['leaving', 'off']);
    expect(await done).to.deep.include({ moved: true, packetsBefore: 100, packetsAfter: 1 });
    expect(node.record?.duty).to.equal('off');
  });

  it('ends at its time although packets still come, and says so', async () => {
    const node = new DrainedNode(100);
    const done = node.drain().drain(0);
    await node.seconds(1);
    expect(await done).to.deep.include({ moved: false, packetsAfter: 100 });
  });

  it('goes on where it was after a restart of the controller', async () => {
    const node = new DrainedNode(0);
    node.record = { duty: 'leaving', until: Date.now() + 60_000 };
    node.drain().resume();
    expect(node.duties).to.eql(['leaving']);
    await node.seconds(4);
    expect(node.duties.at(-1)).to.equal('off');
    const later = node.drain();
    later.resume();
    expect(node.duties.at(-1)).to.equal('off');
    await later.undrain();
    expect([node.duties.at(-1), node.record]).to.eql(['on', undefined]);
  });

  it('is joined by whoever drains again, and broken off by undrain', async () => {
    const node = new DrainedNode(100);
    const drain = node.drain();
    const both = [drain.drain(60), drain.drain(1)].map((one) => one.catch((error: Error) => error.message));
    await node.seconds(2);
    await drain.undrain();
    expect(await Promise.all(both)).to.eql(Array(2).fill('the drain was ended by undrain'));
    expect(node.duties).to.eql(['leaving', 'on']);
  });

  it('may take its time without a warning that listeners leak', async () => {
    const warnings: string[] = [];
    const hear = ({ name }: Error) => void warnings.push(name);
    process.on('warning', hear);
    const node = new DrainedNode(100);
    const done = node.drain().drain(60);
    await node.seconds(30);
    process.off('warning', hear);
    expect(warnings).to.eql([]);
    expect(node.duties).to.eql(['leaving']);
    void done.catch(() => {});
  });
});
