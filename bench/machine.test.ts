import { expect } from 'chai';
import { isQuiet, machineText, occupationText, processorTimes } from './machine.js';

const machine = {
  processors: '2 x AMD EPYC',
  memory: '23 GiB',
  kernel: 'Linux 6.18',
  node: 'Node v20.20.2',
  daemons: ['gobgpd 3.10.0'],
};

describe('the machine', () => {
  it('counts waiting for a disk as idle', () => {
    expect(processorTimes('cpu  10 1 20 300 40 5 6 7 0 0\ncpu0 1 2 3 4')).to.deep.equal({ idle: 340, total: 389 });
  });

  it('is described in one line', () => {
    expect(machineText(machine)).to.equal('2 x AMD EPYC, 23 GiB, Linux 6.18, Node v20.20.2, gobgpd 3.10.0');
  });

  it('warns of figures from a machine that did other things too', () => {
    expect(isQuiet({ busy: 0.4 })).to.equal(false);
    expect(occupationText({ load: 2, busy: 0.4 })).to.match(/^NOT QUIET: load 2\.00, 40 % busy /);
    expect(occupationText({ load: 2, busy: 0.01 })).to.equal('load 2.00, 1 % busy');
  });
});
