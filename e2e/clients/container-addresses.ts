/** What a container's own kernel namespace says, seen from outside. */
import { execa } from 'execa';

/** The addresses of an interface in the network namespace of a process, link-local ones left out. */
export async function addressesOf(pid: number, ifname = 'eth0'): Promise<string[]> {
  const { stdout } = await execa('nsenter', ['-t', String(pid), '-n', 'ip', '-j', 'address', 'show', 'dev', ifname]);
  const [link] = JSON.parse(stdout) as { addr_info: { local: string; scope: string }[] }[];
  return (link?.addr_info ?? []).filter(({ scope }) => scope === 'global').map(({ local }) => local);
}
