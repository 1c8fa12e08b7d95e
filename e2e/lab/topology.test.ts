import { expect } from 'chai';
import { inRepository } from './repository.js';
import { parseTopology, readTopology } from './topology.js';

const parse = (content: string) => parseTopology(content, '/lab/x.clab.yml');
const withNodes = (nodes: string, links = '') => parse(`name: x\ntopology:\n  nodes: ${nodes}\n${links}`);

describe('a topology file', () => {
  it('of the fabric has a ToR between two nodes', () => {
    const { name, nodes, links } = readTopology(inRepository('e2e/fabric.clab.yml'));
    expect(name).to.equal('fabric');
    expect([...nodes.keys()]).to.deep.equal(['tor1', 'node1', 'node2']);
    expect(links.map((ends) => ends.map(({ node, device }) => `${node}:${device}`).join(' '))).to.deep.equal([
      'tor1:eth1 node1:eth1',
      'tor1:eth2 node2:eth1',
    ]);
  });

  it('merges defaults, kind and node as containerlab does: lists grow, the particular value wins', () => {
    const { nodes } = parse(`
name: x
topology:
  defaults: { image: debian, env: { A: 1, B: 1 }, exec: [ip link] }
  kinds: { linux: { env: { B: 2, C: 2 }, exec: ["ip addr"] } }
  nodes:
    n1: { image: frr, env: { C: 3 }, exec: ["sh -c 'echo a b'"], binds: ["a.conf:/etc/frr/frr.conf:ro"] }
    n2:
`);
    expect(nodes.get('n1')).to.deep.include({ image: 'frr', env: { A: '1', B: '2', C: '3' } });
    expect(nodes.get('n1')?.exec).to.deep.equal([
      ['ip', 'link'],
      ['ip', 'addr'],
      ['sh', '-c', 'echo a b'],
    ]);
    expect(nodes.get('n1')?.binds).to.deep.equal([{ source: '/lab/a.conf', target: '/etc/frr/frr.conf' }]);
    expect(nodes.get('n2')?.image).to.equal('debian');
  });

  for (const [what, content, said] of [
    ['an unknown key', '{ n1: { image: debian, memory: 1GB } }', /x\.clab\.yml: .*memory/s],
    ['a node without image', '{ n1: {} }', /node n1 has no image/],
    ['a kind that is not linux', '{ n1: { kind: ceos, image: ceos } }', /kind/],
    ['a name that is no path component', '{ "../n1": { image: debian } }', /n1/],
    ['a bind without target', '{ n1: { image: debian, binds: [a] } }', /not a bind: "a"/],
  ] as const) {
    it(`with ${what} is refused, and the error names it`, () => {
      expect(() => withNodes(content)).to.throw(said);
    });
  }

  it('with a link to nowhere, to eth0, or twice to the same interface is refused', () => {
    const link = (a: string, b: string) => () =>
      withNodes('{ a: { image: debian }, b: { image: debian } }', `  links: [{ endpoints: ["${a}", "${b}"] }]`);
    expect(link('a:eth1', 'b:eth1')).not.to.throw();
    expect(link('a:eth1', 'c:eth1')).to.throw(/not a link end: "c:eth1"/);
    expect(link('a:eth0', 'b:eth1')).to.throw(/eth0 is for management/);
    expect(link('a:eth1', 'a:eth1')).to.throw(/a:eth1 is an end of two links/);
  });
});
