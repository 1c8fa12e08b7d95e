/** One execution of another plugin: its own process group, a scrubbed environment, a deadline that holds. */
import { execa } from 'execa';

export interface Execution {
  readonly file: string;
  /** CNI_* only. */
  readonly variables: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Executed {
  /** Why it is over. */
  readonly end: 'exited' | 'timed out' | 'called off' | 'killed' | 'not started';
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Most characters of an answer. */
const MAX_OUTPUT = 1024 * 1024;
/** Plugins call iptables, ip and the like; they get no other variable of ours (NODE_OPTIONS, LD_PRELOAD). */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs it to its end. Does not throw: how it went is the answer. */
export async function runPlugin({ file, variables, stdin, timeout, signal }: Execution): Promise<Executed> {
  if (signal?.aborted) return { end: 'called off', exitCode: undefined, stdout: '', stderr: '' };
  const child = execa(file, [], {
    input: stdin,
    env: { ...variables, PATH },
    extendEnv: false,
    cwd: '/',
    reject: false,
    maxBuffer: MAX_OUTPUT,
    // A group of its own, so that what it started ends with it: a grandchild that holds stdout open would keep us
    // waiting for as long as it lives.
    detached: true,
  });
  let stopped = undefined as 'timed out' | 'called off' | undefined;
  const stop = (why: 'timed out' | 'called off') => {
    stopped = why;
    killGroup(child.pid);
  };
  const timer = setTimeout(stop, timeout, 'timed out');
  const callOff = () => stop('called off');
  signal?.addEventListener('abort', callOff, { once: true });
  const { exitCode, stdout, stderr } = await child;
  clearTimeout(timer);
  signal?.removeEventListener('abort', callOff);
  // An exit code means that the plugin itself was through, even where a child of its had to be stopped.
  const end = child.pid === undefined ? 'not started' : exitCode === undefined ? (stopped ?? 'killed') : 'exited';
  return { end, exitCode, stdout, stderr };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
