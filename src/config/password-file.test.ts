import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readPassword } from './password-file.js';

describe('a password file', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 's32-config-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const file = (name: string, content: string | Buffer, mode = 0o600) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const refusal = (path: string) => {
    try {
      return `accepted ${readPassword(path)}`;
    } catch (error) {
      return (error as Error).message.replaceAll(directory, '');
    }
  };

  it('holds the password, with or without a line end', () => {
    expect(readPassword(file('plain', 'correct horse'))).to.equal('correct horse');
    expect(readPassword(file('line', 'correct horse\n'))).to.equal('correct horse');
    expect(readPassword(file('dos', 'correct horse\r\n', 0o400))).to.equal('correct horse');
  });

  it('may be a link, as mounted secrets are, to a file that is private', () => {
    symlinkSync(file('secret', 'correct horse'), join(directory, 'link'));
    expect(readPassword(join(directory, 'link'))).to.equal('correct horse');
  });

  it('is refused when somebody else may use it', () => {
    expect(refusal(file('open', 'x', 0o644))).to.equal(
      '/open has mode 0644, so others may use it; run: chmod 0600 /open',
    );
    expect(refusal(file('group', 'x', 0o620))).to.include('mode 0620');
    expect(refusal(file('world', 'x', 0o606))).to.include('mode 0606');
  });

  it('is refused when it belongs to somebody else', function () {
    if (process.geteuid?.() !== 0) return this.skip();
    const path = file('foreign', 'x');
    chownSync(path, 65534, 65534);
    expect(refusal(path)).to.equal('/foreign belongs to user 65534; run: chown root /foreign');
  });

  it('is refused when it is not there or not a file, without waiting for a pipe', () => {
    mkdirSync(join(directory, 'directory'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', join(directory, 'pipe')]);
    expect(refusal(join(directory, 'nothing'))).to.equal('/nothing cannot be read (ENOENT)');
    expect(refusal(join(directory, 'directory'))).to.equal('/directory is not a regular file');
    expect(refusal(join(directory, 'pipe'))).to.equal('/pipe is not a regular file');
  });

  it('is refused when the kernel or gobgpd could not use what it holds', () => {
    expect(refusal(file('empty', '\n'))).to.equal('/empty is empty');
    expect(refusal(file('long', 'x'.repeat(81)))).to.equal(
      "the password in /long is longer than the kernel's 80 bytes",
    );
    expect(refusal(file('lines', 'a\nb\n'))).to.equal('/lines holds more than one line of plain ASCII');
    expect(refusal(file('binary', Buffer.from([1, 2, 255])))).to.equal(
      '/binary holds more than one line of plain ASCII',
    );
    expect(refusal(file('huge', 'x'.repeat(5000)))).to.equal('/huge is longer than any password (4096 bytes)');
    expect(readPassword(file('longest', 'x'.repeat(80)))).to.have.length(80);
  });

  it('is named by an absolute path; anything else may be the password and is not repeated', () => {
    expect(refusal('hunter2')).to.equal('expected the absolute path of a file that holds the password');
  });
});
