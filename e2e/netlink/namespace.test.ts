/** Network namespaces: which paths are refused, and that nobody is left in the wrong one. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as nl from '../../src/netlink/index.js';
import { inPrivateNamespace, ipJson, namespaceForSuite, run } from './private-namespace.js';

inPrivateNamespace(import.meta.url, () => {
  const other = namespaceForSuite('other');
  const directory = mkdtempSync(join(tmpdir(), 's32-netlink-'));
  after(() => rmSync(directory, { recursive: true }));

  const refused: Record<string, [() => string, string]> = {
    'nothing at all': [() => join(directory, 'none'), 'ENOENT'],
    'a FIFO, without waiting for a writer': [() => made('fifo', (path) => run('mkfifo', path)), 'is not a namespace'],
    'a plain file': [() => made('file', (path) => writeFileSync(path, '')), 'is not a namespace'],
    'a directory': [() => directory, 'is not a namespace'],
    'a dangling link': [() => made('dangling', (path) => symlinkSync('/none', path)), 'ENOENT'],
    'a device': [() => '/dev/null', 'is not a namespace'],
    'a mount namespace': [() => '/proc/self/ns/mnt', 'not of the network kind'],
    "the host's own namespace": [() => '/proc/self/ns/net', "host's own"],
    "a link to the host's own namespace": [
      () => made('own', (path) => symlinkSync('/proc/self/ns/net', path)),
      "host's own",
    ],
  };
  const made = (name: string, make: (path: string) => void) => {
    const path = join(directory, name);
    make(path);
    return path;
  };

  for (const [what, [path, reason]] of Object.entries(refused)) {
    it(`refuses ${what}, and says what it is`, () => {
      const open = readdirSync('/proc/self/fd').length;
      expect(() => nl.openNamespace(path())).to.throw(nl.NamespaceError, reason);
      expect(readdirSync('/proc/self/fd')).to.have.length(open);
    });
  }

  it('works in a namespace and is home again, also when the work fails', () => {
    const home = readlinkSync('/proc/thread-self/ns/net');
    using namespace = nl.openNamespace(other.path);
    const inside = nl.inNamespace(namespace.fd, () => readlinkSync('/proc/thread-self/ns/net'));
    expect(inside).to.equal(`net:[${namespace.inode}]`).and.not.equal(home);
    const failing = () => {
      throw new Error('work failed');
    };
    expect(() => nl.inNamespace(namespace.fd, failing)).to.throw('work failed');
    expect(readlinkSync('/proc/thread-self/ns/net')).to.equal(home);
  });

  it('a socket that was opened in a namespace goes on speaking to it from outside', () => {
    using namespace = nl.openNamespace(other.path);
    using socket = nl.inNamespace(namespace.fd, () => new nl.NetlinkSocket(nl.NETLINK_ROUTE));
    socket.request(nl.setLink(1, { up: true }));
    expect(ipJson('-n', other.name, 'link', 'show', 'lo')[0].flags).to.include('UP');
    expect(ipJson('link', 'show', 'lo')[0].flags).to.not.include('UP');
  });
});
