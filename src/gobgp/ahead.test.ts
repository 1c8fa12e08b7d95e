import { setTimeout as pause } from 'node:timers/promises';
import { type Client, type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { until } from '../until.fixture.js';
import { ahead } from './ahead.js';
import { openClient, statusOf } from './call.js';
import type { Rpc } from './codec.js';
import { serveStub } from './stub-server.js';

type Stream = ServerReadableStream<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;

const RPC: Rpc<string, string> = { path: '/s32.Test/Say', encode: Buffer.from, decode: String };
/** Milliseconds. The first call of a process may take a second on a busy machine. */
const PATIENCE = 15_000;

describe('a call that is opened ahead', function () {
  this.timeout(2 * PATIENCE);
  let calls: Stream[];
  let client: Client;

  /** Serves calls as `handle` does, and keeps them. */
  async function serving(handle: (call: Stream, answer: Answer) => void) {
    calls = [];
    const say = (call: Stream, answer: Answer) => {
      calls.push(call);
      handle(call, answer);
    };
    const stub = await serveStub('s32.Test', { Say: { stream: true, handle: say } });
    client = openClient(stub.api);
    return stub;
  }
  const echo = (call: Stream, answer: Answer) => {
    const heard: Buffer[] = [];
    call.on('data', (message: Buffer) => heard.push(message));
    call.on('end', () => answer(null, Buffer.concat(heard)));
  };
  afterEach(() => client.close());

  it('waits at the server before there is anything to say, and the next one does after each answer', async () => {
    await using _stub = await serving(echo);
    using paths = ahead(client, RPC, PATIENCE);
    for (const round of [1, 2, 3]) {
      await until('the call to be open', () => calls.length === round);
      expect(await paths.say(`message ${round}`)).to.equal(`message ${round}`);
    }
  });

  it('may be one of several at once: each message has its own answer', async () => {
    await using _stub = await serving(echo);
    using paths = ahead(client, RPC, PATIENCE);
    const messages = ['a', 'b', 'c', 'd'];
    expect(await Promise.all(messages.map((one) => paths.say(one)))).to.deep.equal(messages);
  });

  it('that is lost while it waits is nobody’s failure: the message goes over another', async () => {
    const refuseFirst = (call: Stream, answer: Answer) =>
      calls.length === 1 ? answer({ code: status.UNAVAILABLE, details: 'gone' }) : echo(call, answer);
    await using _stub = await serving(refuseFirst);
    using paths = ahead(client, RPC, PATIENCE);
    // The refusal arrives before the answer to a call that was made after it.
    await until('the call to be open', () => calls.length === 1);
    using other = ahead(client, RPC, PATIENCE);
    await other.say('ping');
    expect(await paths.say('message')).to.equal('message');
  });

  it('has no deadline while it waits, and one as soon as it has its message', async () => {
    await using _stub = await serving(() => {});
    using paths = ahead(client, RPC, 100);
    await until('the call to be open', () => calls.length === 1);
    await pause(300);
    expect(calls[0]?.cancelled).to.equal(false);
    const error = await paths.say('message').catch((thrown: unknown) => thrown);
    expect(statusOf(error)).to.equal(status.DEADLINE_EXCEEDED);
    await until('the call to be over', () => calls[0]?.cancelled === true);
  });

  it('tells what it was refused for, and the next one waits all the same', async () => {
    const refuse = (call: Stream, answer: Answer) => {
      call.on('data', () => answer({ code: status.UNKNOWN, details: 'cannot parse it' }));
    };
    await using _stub = await serving(refuse);
    using paths = ahead(client, RPC, PATIENCE);
    const error = await paths.say('message').catch((thrown: unknown) => thrown);
    expect(statusOf(error)).to.equal(status.UNKNOWN);
    await until('the next call to be open', () => calls.length === 2);
  });

  it('does not outlive what it was opened for', async () => {
    await using _stub = await serving(echo);
    const paths = ahead(client, RPC, PATIENCE);
    await until('the call to be open', () => calls.length === 1);
    paths[Symbol.dispose]();
    await until('the call to be over', () => calls[0]?.cancelled === true);
    expect(calls).to.have.length(1);
  });
});
