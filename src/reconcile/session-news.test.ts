import { expect } from 'chai';
import { address } from '../model/address.js';
import { EXAMPLE_PEER } from '../model/example-peer.js';
import type { PeerState } from '../model/peer.js';
import { type BgpNews, SessionNews } from './session-news.js';
import { Stage } from './stories/stage.js';

const speaker = { ...new Stage().speaker(), peers: [EXAMPLE_PEER] };
const { name, address: at, asn } = EXAMPLE_PEER;
const state = (session: PeerState['session']): PeerState => ({ address: at, asn, session, endOfRib: [] });

describe('the news of sessions', () => {
  let told: BgpNews[];
  let news: SessionNews;
  beforeEach(() => {
    told = [];
    news = new SessionNews((one) => told.push(one));
  });

  it('is told once for each that comes or goes, with its name, and not for what happens on the way', () => {
    for (const session of ['idle', 'active', 'openconfirm', 'established', 'established', 'idle', 'active'] as const)
      news.hear(speaker, [state(session)]);
    expect(told).to.eql([
      { event: 'peer-up', peer: name, address: at, asn },
      { event: 'peer-down', peer: name, address: at, asn },
    ]);
  });

  it('is one piece where all end with gobgpd', () => {
    news.hear(speaker, [state('established')]);
    news.begin();
    news.hear(speaker, [state('active')]);
    expect(told.map(({ event }) => event)).to.eql(['peer-up', 'gobgpd-up']);
  });

  it('names one that is configured no more, or came by a range, by what there is', () => {
    const stranger = { ...state('established'), address: address('198.51.100.7') };
    news.hear(speaker, [stranger]);
    news.hear(speaker, []);
    expect(told.map((one) => 'peer' in one && one.peer)).to.eql(['198.51.100.7', '198.51.100.7']);
  });
});
