import { expect } from 'chai';
import { type BgpStanding, readiness } from './readiness.js';

const up: BgpStanding = {
  away: undefined,
  admitted: true,
  isDrained: false,
  peers: [
    { name: 'tor1', established: true },
    { name: 'tor2', established: false },
  ],
};
const down = up.peers.map((peer) => ({ ...peer, established: false }));

describe('readiness', () => {
  it('is there while one peer of several is', () => {
    expect(readiness(up, [])).to.eql({ noAdd: [], cutOff: [] });
  });

  it('of a node without peers needs none', () => {
    expect(readiness({ ...up, peers: [] }, [])).to.eql({ noAdd: [], cutOff: [] });
    expect(readiness({ ...up, admitted: false, peers: [] }, []).noAdd).to.eql([]);
  });

  it('ends with gobgpd, and names why it is away', () => {
    const { noAdd, cutOff } = readiness({ ...up, away: 'connection refused', peers: down }, []);
    expect(noAdd).to.have.length(1);
    expect(noAdd[0]).to.include('gobgpd is away (connection refused)');
    expect(cutOff, 'peers keep our routes meanwhile').to.eql([]);
  });

  it('is not there before every announcement is made', () => {
    expect(readiness({ ...up, admitted: false, peers: down }, []).noAdd.join()).to.include('announcements');
  });

  it('tells that existing containers are hurt when no peer is left, and names the peers', () => {
    expect(readiness({ ...up, peers: down }, []).cutOff.join()).to.include('(tor1; tor2)');
  });

  it('gives every reason at once', () => {
    const { noAdd, cutOff } = readiness({ ...up, peers: down }, ['no free address in 10.0.0.0/30']);
    expect([...noAdd, ...cutOff]).to.have.length(2);
  });

  it('of a drained node is none for new containers, and no harm to those that exist', () => {
    const drained = readiness({ ...up, isDrained: true }, []);
    expect(drained.noAdd.join()).to.match(/drained.*slash32 undrain/);
    expect(drained.cutOff).to.eql([]);
  });
});
