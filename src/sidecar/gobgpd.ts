/** One life of a gobgpd process. */
import { execa } from 'execa';

/** A gobgpd that runs. */
export interface Gobgpd {
  readonly pid: number | undefined;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  /** How it ended, in words. Rejects when it could not even be started. */
  readonly ended: Promise<string>;
}

/** `output` gets each line that gobgpd prints. */
export function startGobgpd(binary: string, api: string, output: (line: string) => void): Gobgpd {
  // - setpriv: the kernel kills gobgpd the moment its supervisor dies, however it dies. An orphan would hold the socket and
  //   port 179, and every later start would fail.
  // - detached, no cleanup: a Ctrl-C, or our own exit, must not reach gobgpd as a polite signal. On those it says goodbye to
  //   its peers, and they drop our routes; killed, they keep them (graceful restart).
  // - NO_TCP: profiling and metrics would open a TCP port.
  const subprocess = withUmask(0o177, () =>
    execa('setpriv', ['--pdeathsig', 'KILL', '--', binary, '--api-hosts', api, ...NO_TCP], {
      stdin: 'ignore',
      all: true,
      buffer: false,
      reject: false,
      detached: true,
      cleanup: false,
    }),
  );
  const lastWords = listen(subprocess.iterable({ from: 'all' }), output);
  const ended = Promise.all([subprocess, lastWords]).then(([result, words]) => {
    if (result.code === 'ENOENT') throw new Error('setpriv is missing: install util-linux');
    if (CANNOT_EXECUTE.includes(result.exitCode ?? 0)) throw new Error(`cannot start gobgpd: ${words}`);
    return result.signal ? `killed by ${result.signal}` : `${EXITED} ${result.exitCode}: ${words}`;
  });
  return { pid: subprocess.pid, kill: (signal) => void subprocess.kill(signal), ended };
}

const EXITED = 'exit code';

/** Did it end by itself? A signal is somebody's wish, ours when it hangs; a Go program that panics exits. */
export function isCrash(ending: string): boolean {
  return ending.startsWith(EXITED);
}

/**
 * Since 3.14 gobgpd also serves metrics at the address of pprof, whether pprof is disabled or not. The option against that is
 * unknown to older ones, which would not start; but all of them live on after a line of log when the address is none.
 */
const NO_TCP = ['--pprof-disable', '--pprof-host', 'nowhere'];

/** setpriv's exit codes when there is no such program, or it may not be executed. */
const CANNOT_EXECUTE = [126, 127];

/** The umask is the process's, so it is changed for the one synchronous moment of the fork: gobgpd's socket becomes 0600. */
function withUmask<T>(mask: number, work: () => T): T {
  const before = process.umask(mask);
  try {
    return work();
  } finally {
    process.umask(before);
  }
}

/** Passes all lines on, and returns the one that tells most about a death: Go's panic, else the last. */
async function listen(lines: AsyncIterable<string | Uint8Array>, output: (line: string) => void): Promise<string> {
  let words = '';
  for await (const line of lines) {
    const text = String(line);
    output(text);
    if (!/^(panic|fatal error):/.test(words)) words = text;
  }
  return words;
}
