import { expect } from 'chai';
import { isQuiet, machineText, processorTimes } from './machine.js';

const machine = {
  processors: '2 x AMD EPYC',
  memory: '23 GiB',
  kernel: 'Linux 6.18',
  node: 'Node v20.20.2',
  daemons: ['gobgpd 3.10.0'],
  load: 0.1,
};

describe('the machine', () => {
  it('counts waiting for a disk as idle', () => {
    expect(processorTimes('cpu  10 1 20 300 40 5 6 7 0 0\ncpu0 1 2 3 4')).to.deep.equal({ idle: 340, total: 389 });
  });

  it('is described in one line when it was quiet', () => {
    const [line, ...warnings] = machineText({ ...machine, busy: 0.01 });
    expect(line).to.contain('2 x AMD EPYC, 23 GiB, Linux 6.18, Node v20.20.2, gobgpd 3.10.0; load 0.10, 1 % busy');
    expect(warnings).to.deep.equal([]);
  });

  it('warns of figures from a machine that did other things too', () => {
    expect(isQuiet({ busy: 0.4 })).to.equal(false);
    expect(machineText({ ...machine, busy: 0.4 })[1]).to.match(/^NOT QUIET: 40 % /);
  });
});
