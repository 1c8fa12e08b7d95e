/**
 * A `/run` of its own for each node, as if it were a machine: `/run/slash32` and `/run/frr` are directories of the lab,
 * which the real host sees as `/run/s32-<lab>/<node>/slash32` and `.../frr`. So real daemons run with their usual paths,
 * several on one host, and nothing of the host's own is touched.
 *
 * The mounts belong to the process that starts (`ip netns exec` gives it a mount namespace) and are gone with it.
 */
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';

/**
 * `ip netns exec` has made every mount a slave of the host's: what we mount stays inside, and namespaces that
 * `ip netns add` makes later on the host still appear in /run/netns (it made that one a shared mount), which is how
 * slash32d reaches containers. -n: no table of mounts in /run/mount, which is not there yet.
 */
const SCRIPT = `set -e
node=$1 lab=$2 new=$1/root
shift 2
mount -n -t tmpfs -o mode=755 run "$new"
mkdir "$new/netns" "$new/slash32" "$new/frr" "$new/lock" "$new/\${lab#/run/}"
mount -n --rbind /run/netns "$new/netns"
mount -n --bind "$node/slash32" "$new/slash32"
mount -n --bind "$node/frr" "$new/frr"
mount -n --bind "$lab" "$new/\${lab#/run/}"
mount -n --bind "$node" "$new/\${node#/run/}"
mount -n --move "$new" /run
hostname "\${node##*/}"
exec "$@"`;

/** Makes what a node's private /run is made of. `frr` is whom FRR's daemons run as. */
export async function prepareRun(nodeDirectory: string, frr: { uid: number; gid: number } | undefined): Promise<void> {
  mkdirSync(nodeDirectory, { mode: 0o755 });
  // As /run is everywhere: in memory. On a disk, each record would cost an fsync that no real node pays.
  await execa('mount', ['-n', '-t', 'tmpfs', '-o', 'mode=755', 's32-run', nodeDirectory]);
  for (const part of ['root', 'log', 'etc']) mkdirSync(`${nodeDirectory}/${part}`, { mode: 0o755 });
  mkdirSync(`${nodeDirectory}/slash32`, { mode: 0o700 });
  mkdirSync(`${nodeDirectory}/frr`, { mode: 0o755 });
  if (frr) chownSync(`${nodeDirectory}/frr`, frr.uid, frr.gid);
}

/** Unmounts what a lab has mounted. What is gone already is fine. */
export async function unmountRuns(lab: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${lab}/`))) await execa('umount', ['-n', '-l', mount]);
}

/**
 * The command that runs `argv` in a node: its network, its /run, its host name. Becomes `argv` without leaving a process in
 * between.
 */
export function inNode(namespace: string, lab: string, nodeDirectory: string, argv: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, 'unshare', '--uts', 'sh', '-c', SCRIPT, 'sh', nodeDirectory, lab, ...argv];
}

/** The command that runs `argv` beside a process that `inNode` has started, in its network, with its mounts and host name. */
export function beside(pid: number | string, argv: readonly string[]): string[] {
  return ['nsenter', '-t', String(pid), '-m', '-n', '-u', '--', ...argv];
}

/**
 * Shell lines for a process that `inNode` has started. What it writes to these directories goes to its private /run from here on,
 * and its /run/netns is its own: what somebody leaves there never shows on the host.
 * @param directories without the first slash
 */
export function privateWrites(directories: readonly string[]): string {
  return `for part in ${directories.join(' ')}; do
  private=/run/private/$part
  mkdir -p "$private/upper" "$private/work"
  mount -n -t overlay -o "lowerdir=/$part,upperdir=$private/upper,workdir=$private/work" overlay "/$part"
done
mount -n -t tmpfs -o mode=755 netns /run/netns`;
}
