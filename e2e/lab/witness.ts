/** Asks a link what it really carries: tcpdump, in whatever namespace the link is. */
import { familyOption } from './family-option.js';
import { startIn } from './long-command.js';
import { attemptIn } from './namespace.js';

/** Where somebody looks: a link of a namespace. */
export interface Place {
  readonly namespace: string;
  readonly device: string;
}

/** The first packet that a filter of tcpdump lets through there, as tcpdump prints it; undefined: none came within 30 s. */
async function packetSeen({ namespace, device }: Place, filter: string): Promise<string | undefined> {
  const argv = ['timeout', '30', 'tcpdump', '-n', '-l', '-t', '-c', '1', '-i', device, filter];
  return (await attemptIn(namespace, argv)).stdout || undefined;
}

/** The source address of an echo request from a container to an address, as the witness sees it arrive; undefined: none came. */
export async function sourceSeen(witness: Place, container: { namespace: string }, to: string) {
  const echoes = to.includes(':') ? 'icmp6 and ip6[40] == 128' : 'icmp[icmptype] == icmp-echo';
  const pings = startIn(container.namespace, ['ping', '-n', '-q', '-i', '0.1', familyOption(to), to]);
  try {
    return /^IP6? (\S+) > /.exec((await packetSeen(witness, `${echoes} and dst host ${to}`)) ?? '')?.[1];
  } finally {
    await pings.stop('SIGTERM');
  }
}
