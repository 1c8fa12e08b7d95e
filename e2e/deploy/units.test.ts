/** The systemd units, as systemd itself reads them, and what of them a restart of theirs depends on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { inRepository } from '../lab/repository.js';

const UNITS = inRepository('deploy/systemd');
const units = readdirSync(UNITS);
const text = (unit: string) => readFileSync(join(UNITS, unit), 'utf8');

describe('the systemd units', () => {
  it('are taken by systemd without a word, with the checkout where they look for it', async function () {
    const known = await execa('systemd-analyze', ['--version'], { reject: false });
    if (known.exitCode !== 0) this.skip(); // No systemd here.
    const directory = mkdtempSync(join(tmpdir(), 's32-units-'));
    try {
      for (const unit of units)
        writeFileSync(join(directory, unit), text(unit).replaceAll('/opt/slash32', inRepository('.')));
      const files = units.map((unit) => join(directory, unit));
      const verified = await execa('systemd-analyze', ['verify', '--man=no', ...files], { all: true, reject: false });
      expect([verified.exitCode, verified.all]).to.eql([0, '']);
      const wrong = join(directory, 'slash32d.service');
      writeFileSync(wrong, text('slash32d.service')); // The control: nothing is in /opt here.
      expect(
        (await execa('systemd-analyze', ['verify', '--man=no', wrong], { all: true, reject: false })).all,
      ).to.match(/\/opt\/slash32\/bin\/slash32d is not executable/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('start what there is, with options that it has', async () => {
    for (const unit of units) {
      const [, command = ''] = /^ExecStart=\/opt\/slash32\/(.*)$/m.exec(text(unit)) ?? [];
      const [program = '', ...words] = command.split(' ');
      const help = await execa(
        inRepository(program),
        [...words.slice(0, 1).filter((word) => /^[a-z]/.test(word)), '--help'],
        {
          all: true,
          reject: false,
        },
      );
      for (const option of words.filter((word) => word.startsWith('--'))) expect(help.all, unit).to.include(option);
    }
  });

  it('leave gobgpd alone when they end, and the records where they are', () => {
    expect(text('slash32-gobgpd.service')).to.match(/^KillMode=mixed$/m);
    for (const unit of units)
      expect(text(unit), unit).to.match(/^RuntimeDirectory=slash32$[\s\S]*^RuntimeDirectoryPreserve=yes$/m);
  });
});
