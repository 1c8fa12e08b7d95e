/** Network namespaces by the thousand: without a name, held by nothing but a file descriptor of this process. */
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { SystemError, setns } from '../../src/netlink/libc.js';

const CLONE_NEWNET = 0x40000000;
const unshare = koffi.load(null).func('int unshare(int flags)');

/** Makes one, and returns the file descriptor that keeps it alive. */
export function openUnnamedNamespace(): number {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    if (unshare(CLONE_NEWNET) !== 0) throw new SystemError('unshare', koffi.errno());
    return openSync('/proc/thread-self/ns/net', 'r');
  } finally {
    setns(home, CLONE_NEWNET);
    closeSync(home);
  }
}
