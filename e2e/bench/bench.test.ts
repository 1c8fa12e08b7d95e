/** The benchmark itself: that it measures, says so in its JSON, and leaves nothing behind. Its figures are not judged here. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import type { FigureJson } from '../../bench/result.js';
import { inRepository } from '../lab/repository.js';
import { labDirectory } from '../lab/state.js';
import { until } from '../lab/until.js';

const LAB = 'bench-attach';

function bench(...args: string[]) {
  return execa(process.execPath, [inRepository('dist/bench/main.js'), ...args], { reject: false });
}

async function left(): Promise<string[]> {
  const { stdout } = await execa('ip', ['netns', 'list']);
  const namespaces = stdout.split('\n').filter((line) => line.startsWith(`s32-${LAB}-`));
  return existsSync(labDirectory(LAB)) ? [...namespaces, labDirectory(LAB)] : namespaces;
}

describe('npm run bench', () => {
  it('measures ADD and DEL beside ptp, writes the figures, and leaves nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 's32-bench-'));
    try {
      const file = join(directory, 'figures.json');
      const { exitCode, stdout, stderr } = await bench('--only', 'add,del', '--rounds', '3', '--json', file);
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.match(/^add p50 .*ratio <= 0\.3 .*ptp \+ host-local$/m);
      const { add, del } = JSON.parse(readFileSync(file, 'utf8')) as {
        add: Record<string, FigureJson>;
        del: FigureJson;
      };
      expect(add).to.have.all.keys('p50', 'p99');
      for (const figure of [...Object.values(add), del]) {
        expect(figure.ours).to.be.greaterThan(0.5).and.lessThan(10_000);
        expect(figure.peer).to.be.greaterThan(0.5).and.lessThan(10_000);
        expect(figure.ratio).to.be.closeTo(figure.ours / figure.peer, 0.01);
        expect(figure.met).to.be.a('boolean');
      }
      expect(await left()).to.deep.equal([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('leaves nothing when it is interrupted, wherever it is', async () => {
    const run = bench('--only', 'add', '--rounds', '1000');
    await until(async () => (await left()).length > 3, { what: 'the lab of the benchmark to be under construction' });
    run.kill('SIGINT');
    expect((await run).exitCode).to.equal(130);
    expect(await left()).to.deep.equal([]);
  });

  it('names the rows that there are when it is asked for another one', async () => {
    const { exitCode, stderr } = await bench('--only', 'ad');
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain('no row "ad"; there are: add, del, storm');
  });
});
