/**
 * A story is a text file whose name is the promise it keeps. A line is something that happens, or, with `=`, what must be
 * so afterwards. `= kernel` and `= gobgpd` are followed by all they hold, one a line with `|`; nothing else may be there.
 */
import { expect } from 'chai';
import { type Address, address, prefix } from '../../model/address.js';
import type { Network } from '../../model/network.js';
import type { Peer } from '../../model/peer.js';
import { type PrefixRange, prefixRange } from '../../model/prefix-range.js';
import { type Rules, Stage } from './stage.js';

type Deed = (stage: Stage, words: readonly string[]) => unknown;

const KEYWORDS = [
  'import',
  'export',
  'rt',
  'untagged',
  'network',
  'allow',
  'deny',
  'via',
  'from',
  'rank',
  'most',
  'pools',
  'announce',
  'bfd',
  'hops',
];

/** Words after a keyword, until the next keyword: `import 1:1 1:2 export 1:1`. */
function after(words: readonly string[], keyword: string): string[] {
  const from = words.indexOf(keyword) + 1;
  if (from === 0) return [];
  const rest = words.slice(from);
  const to = rest.findIndex((word) => KEYWORDS.includes(word));
  return rest.slice(0, to < 0 ? undefined : to);
}

/** `deny 10.0.0.0/8 le 32, 192.0.2.0/24`; undefined without the keyword. */
function rangesAfter(words: readonly string[], keyword: string): PrefixRange[] | undefined {
  return words.includes(keyword) ? after(words, keyword).join(' ').split(', ').map(prefixRange) : undefined;
}

function peerRules(words: readonly string[]): Rules {
  const [allow, deny] = [rangesAfter(words, 'allow'), rangesAfter(words, 'deny')];
  const nextHops = after(words, 'hops')[0] as Peer['nextHops'];
  return {
    ...(allow && { allow }),
    ...(deny && { deny }),
    ...limit(words),
    ...(nextHops && { nextHops }),
    ...heartbeat(words),
  };
}

function limit(words: readonly string[]): { maxRoutes?: number } {
  return words.includes('most') ? { maxRoutes: Number(after(words, 'most')[0]) } : {};
}

/** `bfd 300`: three of them missed, in ms, are a loss. */
function heartbeat(words: readonly string[]): Pick<Peer, 'bfd'> {
  if (!words.includes('bfd')) return {};
  const interval = Number(after(words, 'bfd')[0]);
  return { bfd: { minTx: interval, minRx: interval, multiplier: 3 } };
}

/** `pools 10.20.1.0/24 announce aggregate` */
function blocks(words: readonly string[]): Partial<Pick<Network, 'announce' | 'pools'>> {
  const announce = after(words, 'announce')[0] as Network['announce'];
  return { pools: after(words, 'pools').map(prefix), ...(announce && { announce }) };
}

/** Who says it: the first ToR, where nobody else is named. */
function peerIn(words: readonly string[]): Address | undefined {
  const [from] = after(words, 'from');
  return from === undefined ? undefined : address(from);
}

const DEEDS: Record<string, Deed> = {
  network: (stage, words) =>
    stage.network(words[0]!, Number(words[2]), after(words, 'import'), after(words, 'export'), {
      ...limit(words),
      ...blocks(words),
    }),
  'host imports': (stage, words) => stage.hostImports(words),
  peer: (stage, words) => stage.peer(words[0]!, after(words, 'untagged'), peerRules(words)),
  'controller starts': (stage) => stage.start(),
  'controller dies': (stage) => stage.stop(),
  'gobgpd starts': (stage) => stage.bgp.start(),
  'gobgpd dies': (stage) => stage.bgp.kill(),
  'gobgpd is audited': (stage) => stage.bgp.audit(),
  'gobgpd hears late': (stage) => (stage.bgp.slow = 'hears late'),
  'gobgpd answers late': (stage) => (stage.bgp.slow = 'answers late'),
  'gobgpd goes on': (stage) => (stage.bgp.slow = undefined),
  'gobgpd refuses': (stage) => (stage.bgp.broken = 'refused'),
  'gobgpd obeys': (stage) => (stage.bgp.broken = undefined),
  'kernel refuses': (stage) => (stage.kernel.broken = new Error('refused')),
  'kernel obeys': (stage) => (stage.kernel.broken = undefined),
  'kernel loses everything': (stage) => stage.kernel.loseAll(),
  'route by others': (stage, [to, gateway]) =>
    stage.kernel.routeByOthers(prefix(to!), gateway ? address(gateway) : undefined),
  'link goes': (stage, [name]) => stage.kernel.linkDown(name!),
  'link comes': (stage, [name, ...connected]) => stage.linkUp(name!, connected[0] ? connected.map(prefix) : undefined),
  'carrier goes': (stage, [name]) => stage.kernel.carrierLost(name!),
  'peer is silent': (stage) => stage.bgp.setFinished(stage.speaker().peers[0]!.address, false),
  'peer has spoken': (stage) => stage.bgp.setFinished(stage.speaker().peers[0]!.address, true),
  'peer goes': (stage) => stage.bgp.setUp(stage.speaker().peers[0]!.address, false),
  attach: (stage, words) =>
    stage.attach(words[0]!, after(words, 'network')[0]!, words.slice(1, words.indexOf('network'))),
  detach: (stage, [id]) => stage.detach(id!),
  path: (stage, words) => {
    const [via] = after(words, 'via');
    stage.say(words[0]!, after(words, 'rt'), { peer: peerIn(words), via, rank: Number(after(words, 'rank')[0] ?? 0) });
  },
  'path gone': (stage, words) => stage.unsay(words[0]!, peerIn(words)),
  wait: (stage, [seconds]) => stage.wait(Number(seconds) * 1000),
};
const LONGEST_FIRST = Object.keys(DEEDS).sort((a, b) => b.length - a.length);

/** Plays a story. Throws at the first line that is not so. */
export async function play(text: string): Promise<void> {
  const stage = new Stage();
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (!line.startsWith('=')) await perform(stage, line);
    else {
      const listed = lines.slice(i + 1).findIndex((next) => !next.startsWith('|'));
      const end = listed < 0 ? lines.length : i + 1 + listed;
      look(
        stage,
        line,
        lines.slice(i + 1, end).map((one) => one.slice(1).trim()),
      );
      i = end - 1;
    }
  }
  stage.stop();
}

async function perform(stage: Stage, line: string): Promise<void> {
  const deed = LONGEST_FIRST.find((name) => line === name || line.startsWith(`${name} `));
  if (!deed) throw new Error(`a story knows no such deed: "${line}"`);
  await DEEDS[deed]!(stage, line.slice(deed.length).trim().split(/\s+/));
  await stage.rest();
}

function look(stage: Stage, line: string, listed: readonly string[]): void {
  const actual: Record<string, () => readonly string[]> = {
    '= kernel': () => stage.routes(),
    '= gobgpd': () => stage.announced(),
    // In the order in which they were done: that is what these stories are about.
    '= commands': () => stage.bgp.commands.splice(0),
    '= failures': () => stage.failures.splice(0),
  };
  const found = actual[line.trim()];
  if (!found) throw new Error(`a story cannot look at "${line}"`);
  const sorted = line.trim() === '= kernel' || line.trim() === '= gobgpd' ? [...listed].sort() : listed;
  expect(found(), line).to.eql(sorted);
}
