import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { whyUnanswered } from './ask.js';

const ROOT = join(import.meta.dirname, '../../..');
const slash32 = (...argv: string[]) => execa(join(ROOT, 'bin/slash32'), argv, { reject: false });

describe('the command line', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 's32-cli-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('says which version it is, as the package does', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await slash32('--version')).to.include({ exitCode: 0, stdout: version, stderr: '' });
  });

  it('begins a complaint about a file with file:line:column, as editors read it, and leaves stdout alone', async () => {
    const file = join(directory, 'node.yaml');
    writeFileSync(file, 'bgp:\n  asn: abc\n');
    const complaint = { exitCode: 1, stdout: '', stderr: `${file}:2:8: bgp.asn: expected number, found "abc"` };
    for (const words of [
      ['config', 'check', file],
      ['networks', '--preview', file],
      ['tor-config', '--vendor', 'frr', '--config', file],
    ])
      expect(await slash32(...words), words.join(' ')).to.include(complaint);
  });

  it('counts what a right file has', async () => {
    const file = join(directory, 'right.yaml');
    writeFileSync(
      file,
      'node: { name: n, routerId: 192.0.2.1 }\nbgp: { asn: 1, peers: [{ address: 192.0.2.0, asn: 2 }] }\n',
    );
    expect(await slash32('config', 'check', file)).to.include({
      exitCode: 0,
      stdout: `${file}: fine; node n, 0 networks, 1 peer`,
    });
  });

  it('takes wrong usage of any command for that, with exit code 2', async () => {
    for (const words of [['statsu'], ['explain'], ['status', '-o', 'yaml'], ['sidecar', '--bogus']]) {
      const { exitCode, stdout, stderr } = await slash32(...words);
      expect([exitCode, stdout], words.join(' ')).to.eql([2, '']);
      expect(stderr).to.match(/^error: /);
    }
  });

  it('tells who may not ask from a controller that does not run', () => {
    const refused = (code: string) =>
      whyUnanswered('/run/x.sock', Object.assign(new Error(`connect ${code}`), { code }));
    expect(refused('EACCES')).to.match(/\/run\/x\.sock is root's alone; ask as root/);
    expect(refused('ENOENT')).to.match(/is slash32d running\?/);
  });
});
