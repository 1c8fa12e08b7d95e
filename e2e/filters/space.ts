/** Namespaces of this run, and what one does in them: commands, settings, a look at a link. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { setns } from '../../src/netlink/libc.js';

export const CLONE_NEWNET = 0x40000000;

/** Name of a namespace of this run: other runs may go on beside it. */
export const spaceOf = (name: string) => `s32-filters-${process.pid}-${name}`;

/** Runs a command and returns what it prints. Throws with its stderr. */
export function run(command: string): string {
  const [file = '', ...args] = command.split(' ');
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Hands text to nft, as an administrator would. */
export function nft(text: string): string {
  return execFileSync('nft', ['-f', '-'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

export function sysctl(name: string, value: number | string): void {
  writeFileSync(`/proc/sys/net/${name}`, String(value));
}

/** Runs `work` inside a container or the router: synchronous, because the thread comes back afterwards. */
export function inside<T>(name: string, work: () => T): T {
  const [there, here] = [openSync(`/run/netns/${spaceOf(name)}`, 'r'), openSync('/proc/thread-self/ns/net', 'r')];
  try {
    setns(there, CLONE_NEWNET);
    return work();
  } finally {
    setns(here, CLONE_NEWNET);
    closeSync(there);
    closeSync(here);
  }
}

export function macOf(name: string, link: string): string {
  return inside(name, () => readLink(link));
}

/** MAC of a link of the node. */
export function readLink(link: string): string {
  return (JSON.parse(run(`ip -j link show ${link}`)) as { address: string }[])[0]!.address;
}
