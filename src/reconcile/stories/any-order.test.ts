/**
 * The random world: whatever happens, in whatever order, with kernel and gobgpd failing in between, once everything
 * obeys again the outcome is the one that the present state of things decides, not how it came about.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { aggregateAround, aggregatesOf } from '../../decide/aggregates.js';
import { wantedAnnouncement } from '../../decide/announcements.js';
import { guardOf, nextHopRefusal } from '../../decide/guard.js';
import { wantedRoutes } from '../../decide/routes.js';
import { hostPrefix, prefix } from '../../model/address.js';
import { prefixRange } from '../../model/prefix-range.js';
import { MAIN_TABLE } from '../../model/route.js';
import { routeLine, Stage, TOR, TOR2 } from './stage.js';

type Deed = readonly [name: string, run: (stage: Stage) => unknown];

const deed = (name: string, run: Deed[1]): Deed => [name, run];
/** What the kernel does by itself is noticed a moment later; the promise about announcements holds from then on. */
const behindOurBack = (name: string, run: Deed[1]): Deed =>
  deed(name, async (stage) => {
    await stage.rest();
    await run(stage);
    await stage.rest();
  });
const endpointIds = ['c1', 'c2', 'c3'];
const pathPrefixes = ['10.20.2.1/32', '10.20.2.2/32', '10.20.1.1/32', '10.20.1.0/24', '2001:db8:20:2::1/128'];
const targetLists = [['1:1'], ['1:2'], ['1:1', '1:2'], []];
const networkNames = ['blue', 'red'];

/** The ToR's own, an address of this node, and one that no link leads to. */
const nextHops = [undefined, undefined, '192.0.2.1', '203.0.113.9'];
const lists = [undefined, '10.20.2.0/24 le 32', '10.20.0.0/16 ge 24'];

/** Two blocks, of which the first may also be heard from others. */
const red = (announce?: 'aggregate' | 'both') => ({
  pools: [prefix('10.20.1.0/24'), prefix('2001:db8:20::/48')],
  ...(announce && { announce }),
});

/** @param limit of routes, for blue */
const deedsUnder = (limit: { maxRoutes?: number }): fc.Arbitrary<Deed> =>
  fc.oneof(
    fc.tuple(fc.constantFrom(...endpointIds), fc.constantFrom(...networkNames)).map(([id, network]) =>
      deed(`attach ${id} ${network}`, (stage) => {
        if (!stage.endpoints().some(({ containerId }) => containerId === id))
          stage.attach(id, network, [`10.20.1.${id[1]}`, `2001:db8:20:1::${id[1]}`]);
      }),
    ),
    fc.constantFrom(...endpointIds).map((id) => deed(`detach ${id}`, (stage) => stage.detach(id))),
    fc
      .constantFrom(...endpointIds)
      .map((id) => behindOurBack(`link of ${id} goes`, (stage) => stage.kernel.linkDown(`s32${id}`))),
    fc
      .tuple(
        fc.constantFrom(...pathPrefixes),
        fc.constantFrom(...targetLists),
        fc.constantFrom(TOR, TOR2),
        fc.constantFrom(0, 1),
        fc.constantFrom(...nextHops),
      )
      .map(([of, targets, tor, rank, nextHop]) => {
        const via = of.includes(':') ? undefined : nextHop;
        return deed(`path ${of} ${targets} from ${tor} rank ${rank} via ${via}`, (stage) =>
          stage.say(of, targets, { peer: tor, rank, via }),
        );
      }),
    fc
      .tuple(fc.constantFrom(TOR, TOR2), fc.constantFrom(...lists))
      .map(([tor, denied]) =>
        deed(`${tor} may not say ${denied}`, (stage) =>
          stage.peer(tor, [], denied === undefined ? {} : { deny: [prefixRange(denied)] }),
        ),
      ),
    fc
      .tuple(fc.constantFrom(...pathPrefixes), fc.constantFrom(TOR, TOR2))
      .map(([of, tor]) => deed(`path ${of} of ${tor} gone`, (stage) => stage.unsay(of, tor))),
    fc
      .constantFrom('eth1', 'eth2')
      .map((name) => behindOurBack(`link ${name} goes`, (stage) => stage.kernel.linkDown(name))),
    fc.constantFrom('eth1', 'eth2').map((name) => deed(`link ${name} comes`, (stage) => stage.linkUp(name))),
    fc
      .boolean()
      .map((up) => deed(`session of the second ToR ${up ? 'comes' : 'goes'}`, (stage) => stage.bgp.setUp(TOR2, up))),
    fc
      .tuple(fc.constantFrom(...targetLists), fc.constantFrom(...targetLists))
      .map(([imports, exports]) =>
        deed(`blue imports ${imports} exports ${exports}`, (stage) =>
          stage.network('blue', 1001, imports, exports, limit),
        ),
      ),
    fc
      .constantFrom(undefined, 'aggregate' as const, 'both' as const)
      .map((announce) =>
        deed(`red announces ${announce ?? 'host'}`, (stage) =>
          stage.network('red', 1002, ['1:2'], ['1:2'], red(announce)),
        ),
      ),
    fc
      .boolean()
      .map((broken) =>
        deed(
          `kernel ${broken ? 'refuses' : 'obeys'}`,
          (stage) => (stage.kernel.broken = broken ? new Error('refused') : undefined),
        ),
      ),
    fc
      .boolean()
      .map((broken) =>
        deed(`gobgpd ${broken ? 'refuses' : 'obeys'}`, (stage) => (stage.bgp.broken = broken ? 'refused' : undefined)),
      ),
    fc
      .constantFrom(undefined, 'hears late' as const, 'answers late' as const)
      .map((how) => deed(`gobgpd ${how ?? 'goes on'}`, (stage) => (stage.bgp.slow = how))),
    fc.constant(deed('gobgpd dies', (stage) => stage.bgp.kill())),
    fc.constant(deed('gobgpd starts', (stage) => stage.bgp.alive || stage.bgp.start())),
    fc.constant(behindOurBack('kernel loses everything', (stage) => stage.kernel.loseAll())),
    fc.constant(
      deed('the controller restarts', async (stage) => {
        stage.stop();
        await stage.start();
      }),
    ),
    fc
      .boolean()
      .map((spoken) =>
        deed(`the peer has ${spoken ? '' : 'not '}spoken`, (stage) => stage.bgp.setFinished(TOR, spoken)),
      ),
    fc.constantFrom(0, 1, 20).map((seconds) => deed(`wait ${seconds}`, (stage) => stage.wait(seconds * 1000))),
  );

/** A deed, and whether the reconciler gets a turn before the next one. */
const scriptsUnder = (limit: { maxRoutes?: number }) =>
  fc.array(fc.tuple(deedsUnder(limit), fc.boolean()), { minLength: 1, maxLength: 25 });

async function playScript(script: readonly (readonly [Deed, boolean])[], limit = {}): Promise<Stage> {
  const stage = new Stage();
  stage.network('blue', 1001, ['1:1'], ['1:1'], limit);
  stage.network('red', 1002, ['1:2'], ['1:2'], red());
  stage.peer(TOR, []);
  stage.peer(TOR2, []);
  stage.bgp.start();
  await stage.start();
  for (const [[, run], turn] of script) {
    await run(stage);
    if (turn) await stage.rest();
    nothingIsAnnouncedThatIsNotRouted(stage);
    everythingIsInItsTurn(stage);
  }
  return stage;
}

/** A route that an announcement leads to stays until that is withdrawn; gobgpd never has two calls to answer. */
function everythingIsInItsTurn(stage: Stage): void {
  expect(stage.bgp.interrupted, 'asked before the answer').to.equal(0);
  expect(stage.kernel.tooEarly.splice(0), 'removed although announced').to.eql([]);
}

/** Said at the very moment of saying it; a link that goes by itself is noticed a moment later. */
function nothingIsAnnouncedThatIsNotRouted(stage: Stage): void {
  for (const { commands, mainRoutes } of stage.said.splice(0)) {
    for (const prefix of commands) expect(mainRoutes, `announced without a route: ${prefix}`).to.include(prefix);
  }
}

/** Everything obeys and everybody has spoken; links of endpoints are there. */
async function heal(stage: Stage): Promise<void> {
  stage.kernel.broken = undefined;
  stage.bgp.broken = undefined;
  stage.bgp.slow = undefined;
  if (!stage.bgp.alive) stage.bgp.start();
  stage.bgp.setFinished(TOR, true);
  stage.bgp.setUp(TOR2, true);
  for (const uplink of ['eth1', 'eth2']) stage.linkUp(uplink);
  for (const { link } of stage.endpoints()) stage.kernel.linkUp(link.name);
  await stage.wait(120_000);
}

/** What the present state decides, computed afresh. */
async function decided(stage: Stage): Promise<{ routes: string[]; announced: string[] }> {
  const networks = stage.networks();
  const byPrefix = new Map(
    stage.endpoints().flatMap((endpoint) => endpoint.addresses.map((own) => [hostPrefix(own), endpoint] as const)),
  );
  const paths = stage.bgp.heard();
  const ways = await stage.kernel.ways(paths.map(({ nextHop }) => nextHop));
  const guard = guardOf(stage.speaker(), networks, await stage.kernel.addresses());
  const aggregates = aggregatesOf(networks);
  const all = [...new Set([...byPrefix.keys(), ...paths.map((path) => path.prefix), ...aggregates.keys()])].map(
    (prefix) => ({
      prefix,
      endpoint: byPrefix.get(prefix),
      aggregate: aggregates.get(prefix),
      within: aggregateAround(aggregates, prefix),
      paths: paths
        .filter((path) => path.prefix === prefix)
        .map((path) => ({
          path,
          refusal: guard(path) ?? nextHopRefusal(ways.get(path.nextHop)),
          linkDown: false,
        })),
    }),
  );
  const wanted = all.flatMap((known) => wantedRoutes(known, networks));
  return {
    routes: wanted.map(routeLine).sort(),
    announced: all
      .flatMap((known) => wantedAnnouncement(known, networks, wanted) ?? [])
      .map(({ prefix, targets }) => `${prefix} rt ${targets.join(' ')}`)
      .sort(),
  };
}

describe('in any order', () => {
  it('the outcome depends on how things are, not on how they came about', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(scriptsUnder({}), async (script) => {
        const stage = await playScript(script);
        await heal(stage);
        const now = { routes: stage.routes(), announced: stage.announced() };
        const should = await decided(stage);
        stage.stop();
        expect(now).to.eql(should);
      }),
      { numRuns: 300 },
    );
  });

  it('a network with a quota has as many of the heard routes as it may, and everything else is as without', async function () {
    this.timeout(60_000);
    const limit = { maxRoutes: 2 };
    const isLimited = (route: string) => route.includes('via') && route.endsWith('table 1001');
    await fc.assert(
      fc.asyncProperty(scriptsUnder(limit), async (script) => {
        const stage = await playScript(script, limit);
        await heal(stage);
        const [now, should] = [stage.routes(), (await decided(stage)).routes];
        stage.stop();
        expect(now.filter((route) => !isLimited(route))).to.eql(should.filter((route) => !isLimited(route)));
        const installed = now.filter(isLimited);
        expect(should.filter(isLimited)).to.include.members(installed);
        expect(installed.length).to.equal(Math.min(limit.maxRoutes, should.filter(isLimited).length));
      }),
      { numRuns: 150 },
    );
  });

  it('would notice: a world whose kernel forgets a route is not as decided', async () => {
    const stage = await playScript([[deed('attach', (on) => on.attach('c1', 'blue', ['10.20.1.1'])), true]]);
    stage.stop();
    stage.kernel.removeBehindBack({
      table: MAIN_TABLE,
      prefix: hostPrefix(stage.endpoints()[0]!.addresses[0]!),
      nextHops: [],
    });
    expect(stage.routes()).not.to.eql((await decided(stage)).routes);
  });
});
