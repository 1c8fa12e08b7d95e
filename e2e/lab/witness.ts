/** Asks a link what it really carries: tcpdump, in whatever namespace the link is. */
import { familyOption } from './family-option.js';
import { startIn } from './long-command.js';
import { attemptIn } from './namespace.js';

/** Where somebody looks: a link of a namespace. */
export interface Place {
  readonly namespace: string;
  readonly device: string;
}

/** The source address of an echo request from a container to an address, as the witness sees it arrive; undefined: none came. */
export async function sourceSeen(witness: Place, container: { namespace: string }, to: string) {
  const echoes = to.includes(':') ? 'icmp6 and ip6[40] == 128' : 'icmp[icmptype] == icmp-echo';
  const look = ['tcpdump', '-n', '-l', '-t', '-c', '1', '-i', witness.device, `${echoes} and dst host ${to}`];
  const pings = startIn(container.namespace, ['ping', '-n', '-q', '-i', '0.1', familyOption(to), to]);
  try {
    const { stdout } = await attemptIn(witness.namespace, ['timeout', '5', ...look]);
    return /^IP6? (\S+) > /.exec(stdout)?.[1];
  } finally {
    await pings.stop('SIGTERM');
  }
}
