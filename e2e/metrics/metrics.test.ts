/** The metrics of a real node while things happen to it, each number beside what an independent witness counts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { numberIn, readExposition } from '../../src/metrics/exposition.fixture.js';
import { accepted, announce, hostileLab, withdraw } from '../guards/hostile-tor.js';
import type { Container } from '../lab/container.js';
import type { Lab } from '../lab/lab.js';
import { startIn } from '../lab/long-command.js';
import type { LabNode } from '../lab/node.js';
import { inRepository } from '../lab/repository.js';
import { add, cni, del } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { announced, holdings, kernelRoutes } from '../main-job/fabric.js';
import { reconfigure } from '../networks/reconfigure.js';
import { slash32 } from '../networks/slash32.js';
import { scrape, scrapeOver, untilMetric } from './scrape.js';

const POOL = 'network="blue",pool="10.20.1.0/24"';

describe('the metrics of a node', () => {
  let lab: Lab;
  let node: LabNode;
  const containers: Container[] = [];
  /** The value of a series now. */
  const value = async (name: string) => numberIn(await scrape(node), `slash32_${name}`);

  before(async () => {
    lab = await hostileLab('metrics');
    node = lab.node('node1');
    await untilMetric(node, 'bgp_session_up{peer="tor1"}', 1);
    await untilMetric(node, 'bgp_session_up{peer="tor1-v6"}', 1);
  });
  after(() => lab?.down());

  it('count every ADD, CHECK and DEL by its code, and what there is afterwards as kernel and gobgpd have it', async () => {
    for (const name of ['one', 'two', 'three']) containers.push(await lab.container('node1', name));
    for (const container of containers) await add(container);
    const [one, , three] = containers;
    expect((await cni('ADD', one!, { ifname: 'eth1', network: 'green' })).exitCode).to.equal(1);
    const { json: prevResult } = await cni('ADD', one!, { ifname: 'eth2' });
    expect((await cni('CHECK', one!, { ifname: 'eth2', conf: { prevResult } })).exitCode).to.equal(0);
    await del(one!, { ifname: 'eth2' });
    await del(three!);

    const metrics = await scrape(node);
    const now = (name: string) => numberIn(metrics, `slash32_${name}`);
    expect([...metrics.get('slash32_cni_requests_total')!.samples].map(([, count]) => count)).to.eql([4, 1, 1, 2]);
    expect(now('cni_requests_total{code="7",verb="ADD"}')).to.equal(1);
    expect(now('cni_request_duration_seconds_count{verb="ADD"}')).to.equal(5);
    expect(now('cni_request_duration_seconds_sum{verb="ADD"}')).to.be.within(0.001, 60);

    const { links } = await holdings(node);
    expect(now('endpoints{network="blue"}')).to.equal(2).and.to.equal(links.length);
    expect(['used', 'resting', 'free'].map((state) => now(`pool_addresses{${POOL},state="${state}"}`))).to.eql([
      2, 2, 250,
    ]);
    const inTable = [...(await kernelRoutes(node, 1001, 4)), ...(await kernelRoutes(node, 1001, 6))];
    expect(now('routes{network="blue",origin="own"}')).to.equal(inTable.length);
    expect(now('announcements_accepted'))
      .to.equal((await announced(node)).length)
      .and.to.equal(4);
    expect(now('announcements_wanted')).to.equal(4);
    expect(now('route_writes_total{operation="remove",result="done"}')).to.be.greaterThan(0);
    expect(now('pass_duration_seconds_count')).to.be.greaterThan(5);
  });

  it('count what peers say and what of it is refused, and forget that when it is withdrawn', async () => {
    const [taken, denied] = ['10.20.2.1/32', '10.66.0.0/24'];
    await announce(lab, taken);
    await announce(lab, denied);
    await untilMetric(node, 'routes{network="blue",origin="imported"}', 1);
    await untilMetric(node, 'paths_refused{peer="tor1",reason="denied"}', 1);
    expect(await value('bgp_paths{family="ipv4",peer="tor1"}'))
      .to.equal((await accepted(lab)).length)
      .and.to.equal(2);
    await withdraw(lab, denied);
    await untilMetric(node, 'paths_refused{peer="tor1",reason="denied"}', 0);
    expect(await value('path_refusals_total{peer="tor1",reason="denied"}')).to.equal(1);
    expect(await value('bgp_paths{family="ipv4",peer="tor1"}')).to.equal(1);
  });

  it('say with status and not with STATUS that a quota is full, and how much it refuses', async () => {
    const limit = (line: string) =>
      reconfigure(node, (yaml) => yaml.replace(/^ {4}(maxRoutes: \d+\n {4})?table: 1001/m, `    ${line}table: 1001`));
    await limit('maxRoutes: 1\n    ');
    await announce(lab, '10.20.2.2/32');
    await untilMetric(node, 'route_limit_refused{kind="network",name="blue"}', 1);
    expect(await value('route_limit{kind="network",name="blue"}')).to.equal(1);
    expect(await value('route_limit_used{kind="network",name="blue"}')).to.equal(1);
    expect(await slash32(node, 'status')).to.include('over quota: "maxRoutes" of network blue is 1');
    const status = await cni('STATUS', containers[0]!, { conf: { cniVersion: '1.1.0' } });
    expect(status.exitCode, JSON.stringify(status.json)).to.equal(0);
    await limit('');
    await untilMetric(node, 'routes{network="blue",origin="imported"}', 2);
    expect(await value('route_limit{kind="network",name="blue"}')).to.equal(undefined);
  });

  it('show a killed gobgpd while it is away, and that another one was told everything', async () => {
    const [starts, connections] = [await value('gobgp_starts_total'), await value('gobgp_connections_total')];
    await node.kill('sidecar', 'SIGSTOP'); // nobody starts another one meanwhile
    await node.kill('gobgpd', 'SIGKILL');
    await untilMetric(node, 'gobgp_up', 0);
    expect([await value('announcements_wanted'), await value('announcements_accepted')]).to.eql([4, 0]);
    expect(await value('bgp_session_up{peer="tor1"}')).to.equal(0);
    await node.kill('sidecar', 'SIGCONT');
    await untilMetric(node, 'gobgp_up', 1);
    await untilMetric(node, 'bgp_session_up{peer="tor1"}', 1, 60_000);
    await untilMetric(node, 'announcements_accepted', 4);
    expect(await value('gobgp_starts_total')).to.equal(starts! + 1);
    expect(await value('gobgp_connections_total')).to.equal(connections! + 1);
  });

  it('count that somebody deleted the filters, and that they were written again', async () => {
    expect(await value('nft_repairs_total')).to.equal(0);
    await node.exec(['nft', 'delete', 'table', 'inet', 'slash32']);
    await untilMetric(node, 'nft_repairs_total', 1);
    expect(await value('kernel_resyncs_total{reason="filters-touched"}')).to.be.greaterThan(0);
    expect(await node.exec(['nft', 'list', 'table', 'inet', 'slash32'])).to.include('chain');
  });

  it('show a drain', async () => {
    await slash32(node, 'drain', '--timeout', '1');
    expect([await value('duty{duty="off"}'), await value('duty{duty="on"}')]).to.eql([1, 0]);
    expect(await value('announcements_wanted')).to.equal(0);
    await slash32(node, 'undrain');
    expect(await value('duty{duty="on"}')).to.equal(1);
    await untilMetric(node, 'announcements_accepted', 4);
  });

  it('count what a controller has found since its start, and what was there before is counted again after it', async () => {
    await node.restart('slash32d', 'SIGKILL');
    await untilMetric(node, 'announcements_accepted', 4);
    expect(await value('endpoints{network="blue"}')).to.equal(2);
    expect(await value('cni_requests_total{code="0",verb="ADD"}')).to.equal(undefined);
    await untilMetric(node, 'bgp_session_up{peer="tor1"}', 1);
  });

  it('are printed, and written for node_exporter, by the commands of docs/metrics.md', async () => {
    const page = readFileSync(inRepository('docs/metrics.md'), 'utf8');
    const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, command = '']) => command);
    const directory = mkdtempSync(join(tmpdir(), 's32-metrics-'));
    const env = {
      PATH: `${inRepository('bin')}:${process.env.PATH}`,
      SLASH32_ADMIN_SOCKET: `${node.directory}/slash32/admin.sock`,
    };
    const [printed] = await Promise.all(
      commands.map((command) => execa('sh', ['-c', command.replace('/var/lib/node_exporter', directory)], { env })),
    );
    for (const text of [`${printed!.stdout}\n`, readFileSync(join(directory, 'slash32.prom'), 'utf8')])
      expect(numberIn(readExposition(text), 'slash32_gobgp_up')).to.equal(1);
    rmSync(directory, { recursive: true });
  });

  it('have cost no warning of Node in the log', () => {
    expect(node.log('slash32d')).not.to.match(/Warning:/);
  });
});

describe('the metrics of a node over TCP', () => {
  let lab: Lab;
  let node: LabNode;
  const serve = (metrics: string) =>
    reconfigure(node, (yaml) => `${yaml.replace(/^metrics:.*\n/m, '')}metrics: ${metrics}\n`);
  const unserved = () => node.log('slash32d').match(/metrics-unserved/g)?.length ?? 0;

  before(async () => {
    lab = await hostileLab('metrics-tcp');
    node = lab.node('node1');
  });
  after(() => lab?.down());

  it('are served nowhere until the configuration says so, and then there and nowhere else', async () => {
    expect(await node.exec(['ss', '-Hltn', 'sport', '=', ':9432'])).to.equal('');
    await serve('{ listen: 127.0.0.1:9432 }');
    expect(numberIn(await scrapeOver(node, '127.0.0.1:9432'), 'slash32_gobgp_up')).to.equal(1);
    expect((await node.exec(['ss', '-Hltn', 'sport', '=', ':9432'])).trim().split('\n')).to.have.length(1);
    expect(await scrapeOver(node, '192.0.2.1:9432').catch((error: Error) => error.message)).to.include('ECONNREFUSED');
  });

  it('move with a reload, and are there from the start of the next controller', async () => {
    await serve('{ listen: "[::1]:9433" }');
    await scrapeOver(node, '[::1]:9433');
    await node.restart('slash32d');
    const metrics = await scrapeOver(node, '[::1]:9433');
    expect(numberIn(metrics, 'slash32_build_info{node="node1",version="0.1.0"}')).to.equal(1);
    expect(await scrapeOver(node, '127.0.0.1:9432').catch((error: Error) => error.message)).to.include('ECONNREFUSED');
  });

  it('are not served everywhere by a slip: the file is refused, and what was there stays', async () => {
    const file = serve('{ listen: 0.0.0.0:9434 }');
    await untilMetric(node, 'config_last_reload_successful', 0);
    expect(node.log('slash32d')).to.match(
      /node\.yaml:\d+:\d+: metrics\.listen: 0\.0\.0\.0 is every address of this node/,
    );
    await scrapeOver(node, '[::1]:9433');
    await serve('{ listen: 0.0.0.0:9434, everywhere: true }');
    await file;
    await scrapeOver(node, '192.0.2.1:9434');
    await untilMetric(node, 'config_last_reload_successful', 1);
  });

  it('stop nothing when the port is taken: one clear error, in status too, containers come, and the port is taken when it is free', async () => {
    const server = "require('net').createServer().listen(9435, '127.0.0.1', () => console.log('listens'))";
    const other = startIn(node.namespace, [process.execPath, '-e', server]);
    await until(async () => (await node.exec(['ss', '-Hltn', 'sport', '=', ':9435'])) !== '', {
      what: 'the other server',
    });
    await serve('{ listen: 127.0.0.1:9435 }');
    await until(() => unserved() === 1, { what: 'the error' });
    const taken = /metrics are not served on 127\.0\.0\.1:9435: somebody else has this port \(EADDRINUSE\)/;
    for (const said of [node.log('slash32d'), await slash32(node, 'status')]) expect(said).to.match(taken);
    const container = await lab.container('node1', 'meanwhile');
    expect((await cni('STATUS', container, { conf: { cniVersion: '1.1.0' } })).exitCode).to.equal(0);
    await add(container);
    await del(container);
    await node.restart('slash32d'); // with the port taken from the beginning
    await add(container);
    await del(container);
    expect(unserved()).to.equal(2); // once in each of its two lives
    await other.stop('SIGTERM');
    const metrics = await until(() => scrapeOver(node, '127.0.0.1:9435'), {
      what: 'the metrics, where they are to be',
    });
    expect(numberIn(metrics, 'slash32_cni_requests_total{code="0",verb="ADD"}')).to.equal(1);
    expect(unserved()).to.equal(2);
    expect(await slash32(node, 'status')).not.to.include('not served');
  });
});
