/**
 * What every `Bgp` promises. One suite, run on the fake (unit) and on a real gobgpd with a real neighbour (end to end), so
 * that tests on the fake prove something about the world.
 */
import { expect } from 'chai';
import { type Address, address, familyOf, type Prefix, prefix } from '../model/address.js';
import type { Announcement } from '../model/announcement.js';
import type { Path } from '../model/path.js';
import type { Speaker } from '../model/peer.js';
import { routeTarget } from '../model/route-target.js';
import type { Bgp, BgpEvent } from '../ports.js';
import { until } from '../until.fixture.js';

/** A gobgpd with one neighbour that speaks both families. */
export interface BgpWorld {
  readonly bgp: Bgp;
  /** Its only peer is the neighbour. */
  readonly speaker: Speaker;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** The neighbour's side. */
  say(announcement: Announcement): Promise<void>;
  unsay(announcement: Announcement): Promise<void>;
  /** What the neighbour has heard from us. */
  heardThere(): Promise<readonly Announcement[]>;
  end(): Promise<void>;
}

const OURS = announcement('10.20.1.10/32', '64512:100', '65000L:7', '4200000000:7', '192.0.2.1:9');
const OURS6 = announcement('2001:db8:20::a/128', '64512:100');
const THEIRS = announcement('10.99.0.0/24', '64512:100');
const THEIRS6 = announcement('2001:db8:99::/64', '64512:200', '4200000000:7');

/** Runs the suite in a world of its own. */
export function bgpContract(name: string, createWorld: () => Promise<BgpWorld>): void {
  describe(`${name} keeps the promises of Bgp`, () => {
    let world: BgpWorld;
    let ear: Ear;

    before(async () => {
      world = await createWorld();
      ear = new Ear(world.bgp);
    });
    after(async () => {
      await ear.stop();
      await world.end();
    });

    it('fails each announcement, and throws nothing, before there is a connection', async () => {
      expect([...(await world.bgp.announce([OURS])).keys()]).to.deep.equal([OURS]);
      expect([...(await world.bgp.withdraw([OURS])).keys()]).to.deep.equal([OURS]);
      await refused(() => world.bgp.peers());
      await refused(() => world.bgp.admitPeers(world.speaker, false));
    });

    it('says that a new gobgpd is fresh and announces nothing, then tells all paths, which are none', async () => {
      ear.listen(world.speaker);
      await world.start();
      await ear.hears('all-paths');
      expect(ear.kinds.filter((kind) => kind !== 'disconnected' && kind !== 'peers-changed')).to.deep.equal([
        'connected',
        'all-paths',
      ]);
      expect(ear.first('connected')).to.deep.include({ announced: [], fresh: true });
      expect([...ear.paths.keys()]).to.deep.equal([]);
    });

    it('lets the neighbour hear both families, and targets of all three forms', async () => {
      await world.say(THEIRS);
      await world.say(THEIRS6);
      expect(await world.bgp.announce([OURS, OURS6])).to.have.property('size', 0);
      await world.bgp.admitPeers(world.speaker, false);
      await until('the neighbour has heard both', async () => (await world.heardThere()).length === 2);
      const heard = new Map((await world.heardThere()).map((one) => [one.prefix, one]));
      for (const one of [OURS, OURS6]) {
        expect(heard.get(one.prefix)?.targets, one.prefix).to.have.members([...one.targets]);
      }
    });

    it('tells what a peer says, with its targets, next hop and AS path', async () => {
      await until('both are heard', () => ear.paths.size === 2);
      for (const one of [THEIRS, THEIRS6]) {
        const path = ear.paths.get(one.prefix);
        expect(path?.targets, one.prefix).to.have.members([...one.targets]);
        expect(path?.peer).to.equal(world.speaker.peers[0]?.address);
        expect(path?.asPath).to.deep.equal([world.speaker.peers[0]?.asn]);
        expect(familyOf(path?.nextHop as Address)).to.equal(familyOf(one.prefix));
      }
    });

    it('says that a peer has finished only after all its paths were told', async () => {
      await until('both families are finished', () => ear.finished.length === 2);
      expect(ear.heardWhenFinished).to.have.members([THEIRS.prefix, THEIRS6.prefix]);
    });

    it('does not tell our own announcements as heard', () => {
      expect(ear.everHeard).to.not.include(OURS.prefix);
      expect(ear.everHeard).to.not.include(OURS6.prefix);
    });

    it('replaces an announcement that is made again with other targets', async () => {
      const changed = { ...OURS, targets: [routeTarget('64512:300')] };
      expect(await world.bgp.announce([changed])).to.have.property('size', 0);
      await until('the neighbour hears the new target', async () =>
        (await world.heardThere()).some((one) => one.prefix === OURS.prefix && one.targets.join() === '64512:300'),
      );
    });

    it('tells what it says of some prefixes, asked now, in both families', async () => {
      const said = await world.bgp.says([OURS.prefix, OURS6.prefix, '10.99.0.1/32' as Prefix]);
      expect(prefixes(said)).to.have.members([OURS.prefix, OURS6.prefix]);
      expect(said.find((one) => one.prefix === OURS.prefix)?.targets).to.deep.equal(['64512:300']);
      expect(await world.bgp.says([])).to.deep.equal([]);
    });

    it('keeps the session when the same peers are admitted again', async () => {
      const before = ear.kinds.length;
      await world.bgp.admitPeers(world.speaker, true);
      const [peer] = await world.bgp.peers();
      expect(peer).to.include({ session: 'established' });
      expect(ear.kinds.slice(before)).to.not.include('paths');
    });

    it('fails a bad value alone: what is good beside it is said', async () => {
      const good = announcement('10.20.1.11/32', '64512:100');
      const bad = { ...good, prefix: '10.1.0.300/32' as Prefix };
      expect([...(await world.bgp.announce([bad, good])).keys()]).to.deep.equal([bad]);
      await until('the good one arrives', async () => prefixes(await world.heardThere()).includes(good.prefix));
      expect((await world.heardThere()).length).to.equal(3);
    });

    it('withdraws, and takes the withdrawal of what is gone for a success', async () => {
      const gone = announcement('10.20.1.11/32', '64512:100');
      for (const _ of ['there', 'gone']) expect(await world.bgp.withdraw([gone])).to.have.property('size', 0);
      await until('it is gone there', async () => !prefixes(await world.heardThere()).includes(gone.prefix));
    });

    it('tells when a path is gone', async () => {
      await world.unsay(THEIRS6);
      await until('it is gone', () => !ear.paths.has(THEIRS6.prefix));
      expect([...ear.paths.keys()]).to.deep.equal([THEIRS.prefix]);
    });

    it('tells what a peer says also where we say the same prefix ourselves', async () => {
      const same = announcement('10.20.1.10/32', '64512:999');
      await world.say(same);
      await until('theirs is heard', () => ear.paths.has(same.prefix));
      await world.unsay(same);
      await until('theirs is gone', () => !ear.paths.has(same.prefix));
      expect(prefixes(await world.bgp.says([same.prefix]))).to.deep.equal([same.prefix]);
    });

    it('finds everything as it was when a new controller comes to a living gobgpd', async () => {
      await ear.stop();
      expect([...(await world.bgp.announce([OURS])).keys()]).to.deep.equal([OURS]);
      ear.listen(world.speaker);
      await ear.hears('all-paths');
      const { announced, fresh } = ear.first('connected');
      expect(fresh).to.equal(false);
      expect(prefixes(announced)).to.have.members([OURS.prefix, OURS6.prefix]);
      expect(announced.find((one) => one.prefix === OURS.prefix)?.targets).to.deep.equal(['64512:300']);
      expect([...ear.paths.keys()]).to.deep.equal([THEIRS.prefix]);
    });

    it('drops a peer that is no longer wanted, and its paths', async () => {
      await world.bgp.admitPeers({ ...world.speaker, peers: [] }, false);
      await until('its path is gone', () => ear.paths.size === 0);
      expect(await world.bgp.peers()).to.deep.equal([]);
    });

    it('says so when gobgpd dies, refuses every word, and comes back to a fresh one', async () => {
      const events = ear.kinds.length;
      await world.kill();
      await until('the loss is told', () => ear.kinds.slice(events).includes('disconnected'));
      expect([...(await world.bgp.announce([OURS])).keys()]).to.deep.equal([OURS]);
      await world.start();
      await until('it is back', () => ear.kinds.slice(events).includes('connected'));
      expect(ear.last('connected')).to.deep.include({ announced: [], fresh: true });
    });

    it('stays away from a gobgpd that runs with another AS number, and says what to do', async () => {
      await ear.stop();
      ear.listen({ ...world.speaker, asn: world.speaker.asn + 1 });
      await ear.hears('disconnected');
      expect(ear.first('disconnected').reason).to.match(/AS \d+.*restart gobgpd/);
      expect(ear.kinds).to.not.include('connected');
    });
  });
}

type Kind = BgpEvent['kind'];
type Event<K extends Kind> = Extract<BgpEvent, { kind: K }>;

/** Listens, and keeps what a reconciler would keep. */
class Ear {
  readonly #bgp: Bgp;
  #events: BgpEvent[] = [];
  #ended = new AbortController();
  #running: Promise<void> | undefined;
  readonly paths = new Map<Prefix, Path>();
  readonly everHeard: Prefix[] = [];
  finished: readonly unknown[] = [];
  heardWhenFinished: readonly Prefix[] = [];

  constructor(bgp: Bgp) {
    this.#bgp = bgp;
  }

  get kinds(): readonly Kind[] {
    return this.#events.map((event) => event.kind);
  }

  listen(speaker: Speaker): void {
    this.#events = [];
    this.#ended = new AbortController();
    this.#running = this.#bgp.run(
      () => speaker,
      (event) => this.#hear(event),
      this.#ended.signal,
    );
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  hears(kind: Kind): Promise<void> {
    return until(`${kind} is told`, () => this.kinds.includes(kind));
  }

  first<K extends Kind>(kind: K): Event<K> {
    return this.#events.find((event) => event.kind === kind) as Event<K>;
  }

  last<K extends Kind>(kind: K): Event<K> {
    return this.#events.findLast((event) => event.kind === kind) as Event<K>;
  }

  #hear(event: BgpEvent): void {
    this.#events.push(event);
    if (event.kind === 'all-paths') this.paths.clear();
    if (event.kind === 'all-paths' || event.kind === 'paths') {
      for (const path of event.kind === 'paths' ? event.heard : event.paths) {
        this.paths.set(path.prefix, path);
        this.everHeard.push(path.prefix);
      }
    }
    if (event.kind === 'paths') for (const { prefix } of event.gone) this.paths.delete(prefix);
    if (event.kind === 'peers-changed') this.#lookAtPeers().catch(() => {});
  }

  async #lookAtPeers(): Promise<void> {
    const [peer] = await this.#bgp.peers();
    if (peer && peer.endOfRib.length > this.finished.length) this.heardWhenFinished = [...this.paths.keys()];
    this.finished = peer?.endOfRib ?? [];
  }
}

function announcement(of: string, ...targets: string[]): Announcement {
  return { prefix: prefix(of), targets: targets.map(routeTarget) };
}

function prefixes(announcements: readonly Announcement[]): Prefix[] {
  return announcements.map((one) => one.prefix);
}

async function refused(work: () => Promise<unknown>): Promise<void> {
  const error = await work().then(
    () => undefined,
    (reason) => reason,
  );
  expect(error, 'an Error').to.be.instanceOf(Error);
}

/** A speaker with one peer of both families, on documentation addresses. */
export function contractSpeaker(own: string, peer: string, over: Partial<Speaker> = {}): Speaker {
  return {
    asn: 65001,
    routerId: address(own),
    listenPort: 179,
    listenAddresses: [],
    timers: { hold: 9, keepalive: 3, connectRetry: 5 },
    restartTime: 60,
    peers: [{ name: 'tor1', address: address(peer), asn: 65000, families: [4, 6], untagged: [], passive: false }],
    ...over,
  };
}
