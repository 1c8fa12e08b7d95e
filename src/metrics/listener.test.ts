import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Listen, MetricsListener, place } from './listener.js';

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function get({ address, port }: Listen, path = '/metrics', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: address, port, path, method, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const { statusCode: status, headers } = response;
      resolve({ status, type: headers['content-type'], text: Buffer.concat(chunks).toString() });
    });
    call.on('error', reject).end();
  });
}

/** Somebody else's server, and the place it has. */
async function somebody(): Promise<Listen & { close(): Promise<void> }> {
  const server = createServer((_, response) => response.end('somebody else'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: '127.0.0.1', port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A place that nobody has at this moment. */
async function somewhere(): Promise<Listen> {
  const { close, ...there } = await somebody();
  await close();
  return there;
}

describe('metrics over TCP', () => {
  let now = 0;
  let due: (() => void) | undefined;
  const clock = {
    now: () => now,
    after: (_: number, call: () => void) => {
      due = call;
      return () => {
        due = undefined;
      };
    },
  };
  const tryAgain = () => {
    const call = due!;
    due = undefined;
    call();
  };
  const until = async (isSo: () => unknown) => {
    while (!isSo()) await new Promise(setImmediate);
  };
  const failures: string[] = [];
  let asked = 0;
  const text = async () => `asked ${++asked} times\n`;
  const listener = new MetricsListener({ text, clock, failed: (reason) => failures.push(reason) });

  beforeEach(() => {
    [now, asked, due] = [now + 10_000, 0, undefined];
    failures.length = 0;
  });
  afterEach(() => listener.close());

  it('are under one path, and only to be read', async () => {
    const there = await somewhere();
    await listener.turnTo(there);
    expect(await get(there)).to.eql({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      text: 'asked 1 times\n',
    });
    expect((await get(there, '/metrics', 'POST')).status).to.equal(405);
    for (const path of ['/', '/status', '/drain', '/metrics/', '//'])
      expect((await get(there, path)).status).to.equal(404);
  });

  it('are made anew for each who asks in his own time, and not for one who asks all the time', async () => {
    const there = await somewhere();
    await listener.turnTo(there);
    for (let i = 0; i < 5; i++) await get(there);
    expect(asked).to.equal(1);
    now += 500;
    await get(there);
    expect(asked).to.equal(2);
  });

  it('stay where they are when a reload says the same, also for a connection that is open', async () => {
    const there = await somewhere();
    await listener.turnTo(there);
    await listener.turnTo({ ...there });
    expect(listener.place).to.equal(place(there));
    expect((await get(there)).status).to.equal(200);
    expect(failures).to.eql([]);
  });

  it('move when a reload says so, and end when it says nothing of them', async () => {
    const [first, second] = [await somewhere(), { ...(await somewhere()), address: '::1' }];
    await listener.turnTo(first);
    await listener.turnTo(second);
    expect((await get(second)).status).to.equal(200);
    expect(await get(first).catch((error) => error.code)).to.equal('ECONNREFUSED');
    await listener.turnTo(undefined);
    expect(await get(second).catch((error) => error.code)).to.equal('ECONNREFUSED');
  });

  it('leave a port to whoever has it, say so once, and take it when it is free', async () => {
    const other = await somebody();
    await listener.turnTo(other);
    expect(listener.place).to.equal(undefined);
    tryAgain();
    await until(() => due); // in vain
    expect(failures).to.have.length(1);
    expect(listener.trouble).to.equal(failures[0]);
    expect(failures[0]).to.match(
      new RegExp(
        `^metrics are not served on 127.0.0.1:${other.port}: somebody else has this port \\(EADDRINUSE\\); tried again`,
      ),
    );
    await other.close();
    tryAgain();
    await until(() => listener.place);
    expect(listener.trouble).to.equal(undefined);
    expect((await get(other)).status).to.equal(200);
  });

  it('name the address that this node does not have', async () => {
    await listener.turnTo({ address: '203.0.113.77', port: 9432 });
    expect(failures.join()).to.include('this node does not have this address (EADDRNOTAVAIL)');
  });

  it('keep no process alive that has come to its end', async () => {
    const there = await somewhere();
    {
      using ended = new MetricsListener({ text, clock, failed: (reason) => failures.push(reason) });
      await ended.turnTo(there);
    }
    expect(await get(there).catch((error) => error.code)).to.equal('ECONNREFUSED');
  });

  it('are not tried again at a place that a reload has given up', async () => {
    const other = await somebody();
    await listener.turnTo(other);
    await listener.turnTo(undefined);
    expect([due, listener.trouble]).to.eql([undefined, undefined]);
    await other.close();
  });
});
