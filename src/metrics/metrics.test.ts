import { expect } from 'chai';
import { FakeGobgp } from '../gobgp/fake-gobgp.js';
import { FakeKernel } from '../kernel/fake-kernel.js';
import { address, prefix } from '../model/address.js';
import { StepFailure } from '../reconcile/reconciler.js';
import { exampleSnapshot } from './example-snapshot.js';
import { numberIn, readExposition } from './exposition.fixture.js';
import { Metrics } from './metrics.js';

describe('the metrics of a controller', () => {
  it('are text that the strictest reader takes', async () => {
    const metrics = new Metrics();
    metrics.answered('ADD', 0, 2);
    const exposition = readExposition(await metrics.text());
    expect(exposition.size).to.be.greaterThan(60);
  });

  it('say nothing of what is not known yet, instead of 0', async () => {
    const exposition = readExposition(await new Metrics().text());
    expect(numberIn(exposition, 'slash32_announcements_wanted')).to.equal(undefined);
    expect(numberIn(exposition, 'slash32_endpoints_vanished_total')).to.equal(0);
  });

  it('of two controllers in one process do not meet', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.vanished();
    const read = async (metrics: Metrics) =>
      numberIn(readExposition(await metrics.text()), 'slash32_endpoints_vanished_total');
    expect([await read(one), await read(other)]).to.eql([1, 0]);
  });

  it('count requests by verb and code, and make no series of what is no verb', async () => {
    const metrics = new Metrics();
    for (const verb of ['ADD', 'ADD', 'x"}\n', '']) metrics.answered(verb, verb === 'ADD' ? 0 : 4, 2);
    const exposition = readExposition(await metrics.text());
    const requests = exposition.get('slash32_cni_requests_total')!.samples;
    expect([...requests]).to.eql([
      ['slash32_cni_requests_total{code="0",verb="ADD"}', 2],
      ['slash32_cni_requests_total{code="4",verb="other"}', 2],
    ]);
    const duration = 'slash32_cni_request_duration_seconds';
    expect(numberIn(exposition, `${duration}_bucket{le="0.001",verb="ADD"}`)).to.equal(0);
    expect(numberIn(exposition, `${duration}_bucket{le="0.0025",verb="ADD"}`)).to.equal(2);
  });

  it('count what fails by the step, and leave out what is no step', async () => {
    const metrics = new Metrics();
    metrics.failed('10.0.0.1/32', new StepFailure('route removal', new Error('EBUSY')));
    metrics.failed('pass', new Error('EPERM'));
    metrics.failed('gobgpd is away', new Error('gone'));
    const { samples } = readExposition(await metrics.text()).get('slash32_reconcile_errors_total')!;
    expect([...samples].filter(([, value]) => value > 0).map(([key]) => key)).to.eql([
      'slash32_reconcile_errors_total{step="route removal"}',
      'slash32_reconcile_errors_total{step="pass"}',
    ]);
  });

  it('keep when the last configuration was taken while a wrong one is refused', async () => {
    const metrics = new Metrics();
    metrics.reloaded(false);
    const exposition = readExposition(await metrics.text());
    expect(numberIn(exposition, 'slash32_config_last_reload_successful')).to.equal(0);
    const at = numberIn(exposition, 'slash32_config_last_reload_success_timestamp_seconds')!;
    expect(Math.abs(at - Date.now() / 1000)).to.be.lessThan(60);
  });

  it('add up samples with equal labels, and start from nothing at each reading', async () => {
    const metrics = new Metrics();
    const { census } = exampleSnapshot();
    const peers = ['198.51.100.1', '198.51.100.2'].map(address);
    const paths = new Map(peers.map((peer) => [peer, { 4: 1, 6: 0 }]));
    metrics.readFrom({
      node: { name: 'node1', version: '0' },
      routing: {
        census: () => ({ ...census, paths }),
        networks: { byName: new Map(), host: { imports: new Set() } },
        speaker: {
          asn: 1,
          routerId: peers[0]!,
          listenPort: 179,
          listenAddresses: [],
          timers: { hold: 9, keepalive: 3, connectRetry: 5 },
          restartTime: 0,
          peers: [],
          ranges: [{ name: 'leaves', prefix: prefix('198.51.100.0/24'), asn: 2, families: [4], untagged: [] }],
        },
        duty: 'on',
        bgpConnected: true,
        bgpTroubles: [],
        quotas: () => [],
        refusals: () => [],
      },
      addresses: { usage: () => new Map() },
      filterRepairs: () => 0,
    });
    for (let i = 0; i < 2; i++) {
      const exposition = readExposition(await metrics.text());
      expect(numberIn(exposition, 'slash32_bgp_paths{family="ipv4",peer="leaves"}')).to.equal(2);
    }
  });
});

describe('a counted port', () => {
  const route = { table: 254, prefix: prefix('10.0.0.1/32'), nextHops: [{ device: 's32x' }] };

  it('hands on what the port says, and counts what it took and what it refused', async () => {
    const [metrics, kernel] = [new Metrics(), new FakeKernel()];
    const counted = metrics.around({ kernel, bgp: new FakeGobgp() }).kernel;
    expect((await counted.put([route])).size).to.equal(1);
    kernel.linkUp('s32x');
    expect((await counted.put([route])).size).to.equal(0);
    const exposition = readExposition(await metrics.text());
    const written = (result: string) =>
      numberIn(exposition, `slash32_route_writes_total{operation="put",result="${result}"}`);
    expect([written('done'), written('failed')]).to.eql([1, 1]);
  });

  it('counts why everything is read again', async () => {
    const [metrics, kernel] = [new Metrics(), new FakeKernel()];
    const heard: string[] = [];
    metrics
      .around({ kernel, bgp: new FakeGobgp() })
      .kernel.watch(({ kind }) => heard.push(kind), new AbortController().signal);
    kernel.loseAll();
    const exposition = readExposition(await metrics.text());
    expect(numberIn(exposition, 'slash32_kernel_resyncs_total{reason="events-dropped"}')).to.equal(1);
    expect(heard).to.eql(['lost']);
  });
});
