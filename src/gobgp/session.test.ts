import type { ServerReadableStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { expect } from 'chai';
import { addressFrom, hostPrefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import { routeTarget } from '../model/route-target.js';
import { isAlive } from './alive.js';
import { say } from './announcing.js';
import { contractSpeaker } from './gobgp.contract.js';
import { nextHopsFor } from './next-hop.js';
import { loadProto } from './proto.js';
import { checkRelease, openSession, startBgp } from './session.js';
import { type Handlers, serveStub } from './stub-server.js';

type Unary = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void;
type Stream = (call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void;

const SERVICE_3 = 'apipb.GobgpApi';
const SERVICE_4 = 'api.GoBgpService';
const UNKNOWN = 2;
/** Milliseconds. The first call of a process may take a second on a busy machine. */
const PATIENCE = 15_000;
const speaker = contractSpeaker('192.0.2.1', '192.0.2.2');
const { nextHops } = nextHopsFor(speaker, {});
const type = (name: string) => loadProto('gobgp-3').lookupType(`apipb.${name}`);
const bytes = (name: string, value: object) => Buffer.from(type(name).encode(value).finish());

/** GetBgp of a gobgpd with these settings. */
function running(global: object): Handlers {
  const handle: Unary = (_, answer) => answer(null, bytes('GetBgpResponse', { global }));
  return { GetBgp: { handle } };
}

describe('a session', () => {
  it('is refused by what speaks neither API, and the reason names both; a sign of life it is', async () => {
    await using stub = await serveStub('api.SomethingElse', running({ asn: 65001 }));
    expect(await failure(openSession(stub.api, PATIENCE))).to.match(
      /none of the APIs 3\.x.* and 4\.x.*run gobgpd 3\.10.*4\.8/,
    );
    expect(await isAlive(stub.api, PATIENCE)).to.equal(true);
  });

  it('is opened with the codec of the API that answers', async () => {
    for (const [service, name] of [
      [SERVICE_3, /^3\.x/],
      [SERVICE_4, /^4\.x/],
    ] as const) {
      await using stub = await serveStub(service, running({ asn: 65001 }));
      using session = await openSession(stub.api, PATIENCE);
      expect(session.codec.name).to.match(name);
      expect(session.found.asn).to.equal(65001);
    }
  });

  it('ends with the reason where gobgpd is older than 4.8, which the order of its checks betrays', async () => {
    for (const [details, expected] of [
      ['NeighborAddress is not configured', /from 4\.0 to 4\.7.*run 4\.8 or later, or 3\.10/],
      ['no such peer-group: slash32 asks for the release', /did not fail/],
    ] as const) {
      const handle: Unary = (_, answer) => answer({ code: UNKNOWN, details });
      await using stub = await serveStub(SERVICE_4, { ...running({ asn: 65001 }), AddPeer: { handle } });
      using session = await openSession(stub.api, PATIENCE);
      expect(await failure(checkRelease(session))).to.match(expected);
    }
  });

  it('is no sign of life where only gRPC answers, and gobgpd behind it hangs', async () => {
    await using stub = await serveStub(SERVICE_4, { GetBgp: { handle: () => {} } });
    expect(await isAlive(stub.api, 100)).to.equal(false);
  });

  it('is refused where nobody listens, and the reason names the socket', async () => {
    expect(await failure(openSession('unix:///nowhere/s32.sock'))).to.match(
      /does not answer on unix:\/\/\/nowhere.*ENOENT/,
    );
    expect(await isAlive('unix:///nowhere/s32.sock', 1000)).to.equal(false);
  });

  it('is refused in time by a gobgpd that takes the question and never answers', async () => {
    await using stub = await serveStub(SERVICE_3, { GetBgp: { handle: () => {} } });
    expect(await failure(openSession(stub.api, 100))).to.match(/does not answer/);
    expect(await isAlive(stub.api, 100)).to.equal(false);
  });

  it('never starts BGP a second time, which would wipe every path', async () => {
    let starts = 0;
    const handle: Unary = (_, answer) => {
      starts++;
      answer(null, Buffer.alloc(0));
    };
    await using ours = await serveStub(SERVICE_3, {
      ...running({ asn: 65001, routerId: '192.0.2.1' }),
      StartBgp: { handle },
    });
    using session = await openSession(ours.api, PATIENCE);
    expect(await startBgp(session, speaker)).to.equal(false);
    expect(await failure(startBgp(session, { ...speaker, asn: 65002 }))).to.match(/AS 65001.*AS 65002.*restart gobgpd/);
    expect(await failure(startBgp(session, { ...speaker, routerId: '192.0.2.9' as never }))).to.match(/restart gobgpd/);
    expect(starts).to.equal(0);
  });
});

describe('a session with a gobgpd that has a file of its own', () => {
  it('never starts BGP, and says what would', async () => {
    const starts: unknown[] = [];
    const handle: Unary = (call, answer) => {
      starts.push(call);
      answer(null, Buffer.alloc(0));
    };
    await using stub = await serveStub(SERVICE_3, { ...running({ asn: 0 }), StartBgp: { handle } });
    using session = await openSession(stub.api, PATIENCE);
    expect(await failure(startBgp(session, speaker, false))).to.match(/manage: false.*gobgpd -f FILE/);
    expect(starts).to.deep.equal([]);
  });

  it('is refused when the two files differ', async () => {
    await using stub = await serveStub(SERVICE_3, running({ asn: 65009, routerId: '192.0.2.1' }));
    using session = await openSession(stub.api, PATIENCE);
    expect(await failure(startBgp(session, speaker, false))).to.match(/AS 65009.*make its file and the node's agree/);
  });
});

describe('an announcement that gobgpd refuses', () => {
  const many: Announcement[] = Array.from({ length: 1_200 }, (_, i) => ({
    prefix: hostPrefix(addressFrom(new Uint8Array([10, 20, i >> 8, i & 255]))),
    targets: [routeTarget('64512:100')],
  }));
  const guilty = many[700] as Announcement;

  it('fails alone, although gobgpd refuses the whole message it came in and does not say which it was', async () => {
    const taken = new Set<string>();
    await using stub = await serveStub(SERVICE_3, { ...running({ asn: 65001 }), ...takingAllBut(guilty, taken) });
    using session = await openSession(stub.api, PATIENCE);
    const failures = await say(session, many, nextHops, false);
    expect([...failures.keys()]).to.deep.equal([guilty]);
    expect(failures.get(guilty)?.message).to.equal('gobgpd did not take 10.20.2.188/32: cannot parse it');
    expect(taken.size).to.equal(1_199);
  });

  it('fails all of a message at once, and is not tried alone, when the connection is the reason', async () => {
    const handle: Stream = (_, answer) => answer({ code: 14, details: 'gone' });
    await using stub = await serveStub(SERVICE_3, {
      ...running({ asn: 65001 }),
      AddPathStream: { stream: true, handle },
    });
    using session = await openSession(stub.api, PATIENCE);
    expect((await say(session, many.slice(0, 5), nextHops, false)).size).to.equal(5);
  });
});

/** AddPath and AddPathStream that refuse one prefix as gobgpd does: with UNKNOWN, and the whole message. */
function takingAllBut(guilty: Announcement, taken: Set<string>): Handlers {
  const refusal = { code: UNKNOWN, details: 'cannot parse it' };
  const nlri = (path: { nlri: { value: Uint8Array } }) => {
    const { prefix, prefixLen } = type('IPAddressPrefix').decode(path.nlri.value) as unknown as {
      prefix: string;
      prefixLen: number;
    };
    return `${prefix}/${prefixLen}`;
  };
  const take = (paths: { nlri: { value: Uint8Array } }[], answer: sendUnaryData<Buffer>) => {
    const prefixes = paths.map(nlri);
    if (prefixes.includes(guilty.prefix)) return answer(refusal);
    for (const one of prefixes) taken.add(one);
    answer(null, Buffer.alloc(0));
  };
  const one: Unary = (call, answer) => {
    const { path } = type('AddPathRequest').decode(call.request) as never as { path: { nlri: { value: Uint8Array } } };
    take([path], answer);
  };
  const many: Stream = (call, answer) => {
    call.on('data', (message: Buffer) => {
      take((type('AddPathStreamRequest').decode(message) as never as { paths: never[] }).paths, answer);
    });
  };
  return { AddPath: { handle: one }, AddPathStream: { stream: true, handle: many } };
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  );
}
