import { expect } from 'chai';
import type { Bystanders } from '../model/shortcut.js';
import { ShortcutCare } from './shortcut-care.js';
import { HandClock } from './stories/stage.js';

const NOBODY: Bystanders = { chains: [], legacy: [], rules: [], ipsec: false, ipvs: false, links: [] };

const USE = { packets: 7, endpoints: 2 };

describe('the care for the shortcut', () => {
  let clock: HandClock;
  let calls: string[];
  let said: string[];
  let there: Bystanders;
  let lacks: string | undefined;
  let isAllowed: boolean;
  let care: ShortcutCare;

  beforeEach(() => {
    [clock, calls, said, there, lacks, isAllowed] = [new HandClock(), [], [], NOBODY, undefined, true];
    const shortcut = {
      open() {
        if (lacks) throw new Error(lacks);
        calls.push('open');
      },
      close: () => calls.push('close'),
      bystanders: () => there,
      allow: () => calls.push('allow'),
      forbid: () => calls.push('forbid'),
      isAllowed: () => isAllowed,
      use: () => USE,
    };
    care = new ShortcutCare({ shortcut, clock, peers: () => [], tell: (sentence) => said.push(sentence) });
  });

  function pass(milliseconds: number): void {
    const end = clock.now() + milliseconds;
    while (clock.step(end - clock.now()));
  }

  it('removes what an earlier controller left when nobody asks for it, and does nothing more', () => {
    care.turn(false);
    pass(10_000);
    expect(calls).to.eql(['close']);
    expect(care.standing).to.eql({ is: 'unwanted' });
  });

  it('allows it anew with every look, so that it ends when nobody looks', () => {
    care.turn(true);
    pass(1000);
    expect(calls).to.eql(['open', 'allow', 'allow', 'allow', 'allow', 'allow']);
    expect(care.standing).to.eql({ is: 'on', ...USE });
  });

  it('forbids it with the first look that finds somebody, allows it again when they are gone, and says both once', () => {
    care.turn(true);
    there = { ...NOBODY, legacy: ['iptables nat'] };
    pass(500);
    expect(calls.slice(2)).to.eql(['forbid', 'forbid']);
    expect(care.standing).to.include({ is: 'off' });
    there = NOBODY;
    pass(500);
    expect(said).to.eql(['shortcut: on', 'shortcut: off, iptables-legacy has a table: iptables nat', 'shortcut: on']);
  });

  it('is off while networks change, whatever the last look found', () => {
    care.turn(true);
    isAllowed = false;
    expect(care.standing).to.eql({ is: 'off', reason: 'networks have just changed', ...USE });
  });

  it('stays open over a reload that changes nothing, and closes with one that does not want it', () => {
    care.turn(true);
    care.turn(true);
    care.turn(false);
    pass(10_000);
    expect(calls).to.eql(['open', 'allow', 'close']);
  });

  it('is off with the reason where something is missing, says it once, and tries again at a reload', () => {
    lacks = 'it needs Linux 6.6';
    care.turn(true);
    pass(10_000);
    expect([care.standing, said]).to.eql([{ is: 'off', reason: lacks, ...USE }, ['shortcut: off, it needs Linux 6.6']]);
    lacks = undefined;
    care.turn(true);
    expect(care.standing).to.include({ is: 'on' });
  });
});
