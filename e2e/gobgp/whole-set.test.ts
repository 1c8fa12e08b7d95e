/** Many at once, and nonsense: what a node with many containers, or with a bad day, does to a real gobgpd. */
import { expect } from 'chai';
import fc from 'fast-check';
import { contractSpeaker } from '../../src/gobgp/gobgp.contract.js';
import { address, addressFrom, bitsOf, hostPrefix, type Prefix, prefixAround } from '../../src/model/address.js';
import { type Announcement, sameAnnouncement } from '../../src/model/announcement.js';
import type { Speaker } from '../../src/model/peer.js';
import { type RouteTarget, routeTarget } from '../../src/model/route-target.js';
import { until } from '../../src/until.fixture.js';
import { type Daemon, daemonIn } from './daemon.js';
import { createLab, type Lab, NEIGHBOUR, NODE } from './lab.js';
import { announceThenAdmit, type Behaviour, Listener } from './listener.js';
import { onEachRelease } from './newer.js';

const TARGETS = ['64512:100', '4200000000:7'].map(routeTarget);
const announcements = (net: number, length: number): Announcement[] =>
  Array.from({ length }, (_, i) => ({
    prefix: hostPrefix(addressFrom(new Uint8Array([10, net, i >> 8, i & 255]))),
    targets: TARGETS,
  }));
const MANY = announcements(20, 10_000);
const OWN = announcements(30, 1201);
const speaker = contractSpeaker(NODE.v4, NEIGHBOUR.v4, { nextHop6: address(NODE.v6) });
const silent: Behaviour = async () => {};

await onEachRelease((binary) => {
  let lab: Lab;
  let daemon: Daemon;

  before(async () => {
    lab = await createLab('whole');
    daemon = daemonIn(lab, 'a', binary);
  });
  beforeEach(() => daemon.start());
  afterEach(() => daemon.signal('SIGKILL'));
  after(() => lab[Symbol.asyncDispose]());

  it('takes 10,000 announcements at once, and the next controller finds every one', async () => {
    await using first = new Listener(daemon.api, speaker, silent);
    await first.next('all-paths');
    expect(await first.bgp.announce(MANY)).to.have.property('size', 0);
    await first[Symbol.asyncDispose]();

    await using second = new Listener(daemon.api, speaker, silent);
    await second.next('all-paths');
    const [connected] = second.events.filter((event) => event.kind === 'connected');
    const found = new Map(connected?.announced.map((one) => [one.prefix, one]));
    expect(found.size).to.equal(MANY.length);
    for (const one of MANY) expect(sameAnnouncement(one, found.get(one.prefix) as Announcement)).to.equal(true);

    expect(await second.bgp.withdraw(MANY.slice(1))).to.have.property('size', 0);
    await using third = new Listener(daemon.api, speaker, silent);
    await third.next('connected');
    expect(third.events[0]).to.deep.include({ announced: [MANY[0]] });
  });

  it('tells a table of 10,000 paths, more than gRPC lets through by default, in one piece', async () => {
    const theirs = daemonIn(lab, 'b', binary);
    await using neighbour = speakThere(theirs);
    await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, []));
    await until('all are heard', () => listener.paths.size === MANY.length);
    await using newcomer = new Listener(daemon.api, speaker, silent);
    await newcomer.next('all-paths');
    expect(newcomer.paths.size).to.equal(MANY.length);
    expect(newcomer.paths.get('10.20.0.7/32')?.targets).to.have.members(TARGETS);
    expect(neighbour.warnings.concat(listener.warnings, newcomer.warnings)).to.deep.equal([]);
    await theirs.signal('SIGKILL');
  });

  it('shows in an audit what was taken away behind our back', async () => {
    await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, MANY.slice(0, 2)), 100);
    await listener.next('audited');
    await using other = new Listener(daemon.api, speaker, silent);
    await other.next('connected');
    await other.bgp.withdraw(MANY.slice(0, 1));
    await until('the audit shows it', () => {
      const last = listener.events.findLast((event) => event.kind === 'audited');
      return last?.announced.length === 1;
    });
  });

  it('lists only what was said when so many paths are heard that they cannot be gone through at each audit', async () => {
    const theirs = daemonIn(lab, 'b', binary);
    await using neighbour = speakThere(theirs);
    const own = OWN.slice(0, 1200);
    await using listener = new Listener(daemon.api, speaker, announceThenAdmit(speaker, own), 100);
    const last = () => listener.events.findLast((event) => event.kind === 'audited')?.announced;
    await until('all are heard', () => listener.paths.size === MANY.length);
    await until('an audit finds all of ours', () => last()?.length === own.length);
    await using other = new Listener(daemon.api, speaker, silent);
    await other.next('connected');
    await other.bgp.announce(OWN.slice(1200));
    // Again and again: a listener that has lost gobgpd on a busy machine says all of its own anew.
    await until('an audit shows what was taken away', async () => {
      await other.bgp.withdraw(own.slice(0, 1));
      return last()?.length === own.length - 1;
    });
    const isForeign = ({ prefix }: Announcement) => prefix === OWN[1200]?.prefix;
    if (listener.count('connected') === 1) expect(last()?.some(isForeign), 'what somebody else said').to.equal(false);
    await listener.bgp.withdraw(own.slice(1, 2));
    await until('what was withdrawn is not missed', () => !last()?.some(({ prefix }) => prefix === own[1]?.prefix));
    expect(neighbour.warnings.concat(listener.warnings)).to.deep.equal([]);
    await theirs.signal('SIGKILL');
  });

  it('survives whatever is asked of it, and takes all that is valid', async function () {
    this.timeout(120_000);
    await using listener = new Listener(daemon.api, speaker, silent);
    await listener.next('all-paths');
    const asked = fc.array(fc.oneof(valid(), nonsense()), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(asked, async (samples) => {
        const failures = await listener.bgp.announce(samples.map(({ announcement }) => announcement));
        for (const { announcement, good } of samples) {
          expect(failures.has(announcement), JSON.stringify(announcement)).to.equal(!good);
        }
        await listener.bgp.withdraw(samples.map(({ announcement }) => announcement));
        expect(await listener.bgp.peers()).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
    expect(daemon.alive()).to.equal(true);
    expect(listener.count('connected')).to.equal(1);
    await using auditor = new Listener(daemon.api, speaker, silent);
    await auditor.next('connected');
    expect(auditor.events.find((event) => event.kind === 'connected')?.announced).to.deep.equal([]);
  });
});

/** Starts the neighbour's gobgpd, which says MANY. */
function speakThere(theirs: Daemon): Listener {
  theirs.start();
  const there: Speaker = {
    ...contractSpeaker(NEIGHBOUR.v4, NODE.v4, { asn: 65000, nextHop6: address(NEIGHBOUR.v6) }),
    peers: speaker.peers.map((peer) => ({ ...peer, address: address(NODE.v4), asn: 65001 })),
  };
  return new Listener(theirs.api, there, announceThenAdmit(there, MANY));
}

interface Sample {
  readonly announcement: Announcement;
  readonly good: boolean;
}

const number16 = () => fc.integer({ min: 0, max: 0xffff });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyAddress = () => fc.oneof(bytes(4), bytes(16)).map(addressFrom);

function anyPrefix(): fc.Arbitrary<Prefix> {
  return fc.tuple(anyAddress(), fc.nat(128)).map(([of, length]) => prefixAround(of, Math.min(length, bitsOf(of))));
}

function anyTarget(): fc.Arbitrary<RouteTarget> {
  const as2 = fc.tuple(number16(), fc.integer({ min: 0, max: 0xffffffff })).map(([asn, n]) => `${asn}:${n}`);
  const as4 = fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), number16()).map(([asn, n]) => `${asn}L:${n}`);
  const ip4 = fc.tuple(bytes(4).map(addressFrom), number16()).map(([ip, n]) => `${ip}:${n}`);
  return fc.oneof(as2, as4, ip4).map(routeTarget);
}

function valid(): fc.Arbitrary<Sample> {
  const announcement = fc.record({ prefix: anyPrefix(), targets: fc.array(anyTarget(), { maxLength: 8 }) });
  return announcement.map((one) => ({ announcement: one, good: true }));
}

/** Announcements of which one part is not what its type says. */
function nonsense(): fc.Arbitrary<Sample> {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('10.1.0.300/32', '10.0.0.1/33', '::/129', '10.0.0.5/24'),
  );
  const bad = fc.oneof(
    fc.record({ prefix: odd, targets: fc.array(anyTarget(), { maxLength: 2 }) }),
    fc.record({ prefix: anyPrefix(), targets: fc.tuple(odd, anyTarget()).map(([one, other]) => [one, other]) }),
    fc.record({ prefix: fc.anything().filter((one) => typeof one !== 'string'), targets: fc.constant([]) }),
  );
  return bad.map((one) => ({ announcement: one as unknown as Announcement, good: false }));
}
