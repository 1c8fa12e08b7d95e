/** The commands of the CLI, against a controller on the fabric. */
import { expect } from 'chai';
import type { Lab } from '../lab/lab.js';
import { add } from '../lab/runtime.js';
import { until } from '../lab/until.js';
import { atNodes, fabricUp } from './fabric.js';

describe('slash32, the command', () => {
  let lab: Lab;
  let near: string;
  let far: string;
  let far6: string;

  before(async () => {
    lab = await fabricUp('explain');
    near = (await add(await lab.container('node1', 'near'))).v4;
    ({ v4: far, v6: far6 } = await add(await lab.container('node2', 'far'), { network: 'red' }));
    for (const address of [far, far6]) await atNodes(lab, address);
  });
  after(() => lab?.down());

  const slash32 = (...words: string[]) => lab.node('node1').slash32(...words);

  it('explains why a prefix is in one network and not in another', async () => {
    const { stdout } = await slash32('explain', far);
    expect(stdout).to.match(/ok +network red +red imports 64512:200/);
    expect(stdout).to.match(/no +network blue +no route target of the path \(64512:200\) is imported by blue/);
    expect(stdout).to.match(/kernel +10\.30\.2\.1\/32 via 192\.0\.2\.0 table 1002/);
  });

  it('says of an endpoint of this node that it is announced, and of an unknown address that nobody has it', async () => {
    expect((await slash32('explain', near)).stdout).to.match(/ok +announced/);
    expect((await slash32('explain', '10.99.99.99')).stdout).to.match(/no peer announces/);
  });

  it('lists endpoints and routes as tables and as JSON, and takes "show" in front', async () => {
    expect((await slash32('show', 'endpoints')).stdout).to.match(/^CONTAINER[\s\S]*near +eth0 +blue/);
    const routes = JSON.parse((await slash32('routes', '-o', 'json')).stdout) as {
      prefix: string;
      network: string;
      state: string;
    }[];
    expect(routes.find(({ prefix, network }) => prefix === `${far}/32` && network === 'blue')?.state).to.match(
      /^not imported: /,
    );
  });

  it('shows the node at a glance, and exits with 3 when a peer is down', async () => {
    const { stdout, code } = await slash32('status');
    expect(stdout).to.match(/2\/2 established/);
    expect(code).to.equal(0);
    await lab.node('tor1').vtysh('configure\nrouter bgp 65000\nneighbor 192.0.2.1 shutdown');
    await until(async () => (await slash32('status')).code === 3, { what: 'status to say that a peer is down' });
  });

  it('says of all that it explains who cannot be heard now, or cannot hear: gobgpd that is away, peers without a session', async () => {
    const node = lab.node('node1');
    const says = (what: string, words: RegExp) =>
      until(async () => words.test((await slash32('explain', what)).stdout), {
        what: `explain ${what} to say ${words}`,
      });
    expect((await slash32('explain', far6)).stdout).not.to.match(/sessions/);
    await says(
      '10.99.99.99',
      /no +sessions +tor1 has no session.*, so what it would say of 10\.99\.99\.99\/32 is not known/,
    );

    await lab.node('tor1').kill('bgpd', 'SIGKILL');
    await says(
      far6,
      /ok +network red[\s\S]*no +sessions +tor1-v6 has no session.*, and its path is kept for its restart time/,
    );
    await says(near, /ok +announced[\s\S]*no +sessions +no BGP session is established \(tor1/);

    await node.kill('sidecar', 'SIGKILL');
    await says(far6, /ok +network red[\s\S]*no +sessions +gobgpd is away \(.*what was heard before is kept/);
    await says(near, /no +sessions +gobgpd is away/);
  });

  it('has in its log a line for each session that came or went, with its peer', async () => {
    const events = lab
      .node('node1')
      .log('slash32d')
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; peer?: string });
    const of = (peer: string) => events.filter((event) => event.peer === peer).map(({ event }) => event);
    expect(events.filter(({ event }) => event === 'gobgpd-up')).to.have.length(1);
    expect([of('tor1'), of('tor1-v6')]).to.eql([
      ['peer-up', 'peer-down'],
      ['peer-up', 'peer-down'],
    ]);
  });

  it('says in one line what is wrong: an address that is none, a controller that is away, a command that does not exist', async () => {
    const none = await slash32('explain', '10.1');
    expect(none.stderr.trim()).to.equal('slash32: not an IP address: "10.1" (expected like 10.20.1.10 or 2001:db8::a)');
    expect(none.code).to.equal(1);
    const away = await slash32('status', '--socket', '/run/s32-nobody.sock');
    expect(away.stderr).to.match(/is slash32d running\?/);
    expect(away.code).to.equal(1);
    expect((await slash32('statsu')).code).to.equal(2);
  });
});
