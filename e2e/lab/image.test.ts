import { expect } from 'chai';
import { processesOf } from './image.js';
import { inRepository } from './repository.js';
import type { NodeSpec } from './topology.js';

const node = (image: string, target?: string): NodeSpec => ({
  name: 'n1',
  image,
  binds: target === undefined ? [] : [{ source: '/x', target }],
  exec: [],
  labels: {},
  env: {},
});

describe('what runs in a node', () => {
  it('of a slash32 image is the sidecar, then the controller with the bound configuration', () => {
    const specs = processesOf(node('registry.example/net/slash32:1.2', '/etc/slash32/node.yaml'), '/run/s32-x/n1');
    expect(specs.map((spec) => spec.argv)).to.deep.equal([
      [inRepository('bin/slash32'), 'sidecar', '--api', 'unix:///run/slash32/gobgpd.sock'],
      [inRepository('bin/slash32d'), '--config', '/run/s32-x/n1/etc/slash32/node.yaml'],
    ]);
  });

  it('of an FRR image is zebra, then bgpd, without a TCP port', () => {
    const specs = processesOf(node('frrouting/frr:v8.4.0', '/etc/frr/frr.conf'), '/run/s32-x/n1');
    expect(specs.map((spec) => spec.name)).to.deep.equal(['zebra', 'bgpd']);
    for (const { argv } of specs) expect(argv.join(' ')).to.contain('-P 0');
  });

  it('of an image nobody can stand in for is an error that lists the known ones', () => {
    expect(() => processesOf(node('ceos:4.30'), '/x')).to.throw(/no stand-in for image "ceos:4.30" \(known: frr, /);
  });

  it('needs its configuration bound', () => {
    expect(() => processesOf(node('slash32'), '/x')).to.throw(/needs a file bound to \/etc\/slash32\/node.yaml/);
  });
});
