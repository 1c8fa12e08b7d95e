/**
 * The README is true: its demo output is what the demo prints, and every command it shows runs while the demo is up.
 * `UPDATE_README=1` writes the output instead of comparing it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { Lab } from './lab/lab.js';

const ROOT = join(import.meta.dirname, '../..');
const README = join(ROOT, 'README.md');
const OUTPUT = /<!-- demo -->\n```\n([\s\S]*?)```\n<!-- \/demo -->/;

/** Commands that start or end things are run by their own tests. */
const NOT_HERE = ['npm run demo', 'npm test'];

const run = (...argv: string[]) => execa(argv[0]!, argv.slice(1), { cwd: ROOT, env: { NO_COLOR: '1' }, all: true });

/** Times differ from run to run; everything else may not. */
function timeless(text: string): string {
  return text
    .replaceAll(/\d+\.\d+ (s|ms)\b/g, '# $1')
    .replaceAll(/\d\d:\d\d:\d\d/g, '#')
    .replaceAll(/^(\S+ +node\d .*) +\d+\.\d+$/gm, '$1 #')
    .replaceAll(/ +/g, ' ');
}

function commands(): string[] {
  const blocks = [...readFileSync(README, 'utf8').matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)];
  return blocks
    .flatMap(([, block = '']) => block.split('\n').map((line) => line.trim()))
    .filter((line) => line && !NOT_HERE.includes(line));
}

describe('the README', () => {
  let printed: string;

  before(async function () {
    this.timeout(90_000);
    if (Lab.find('demo')) throw new Error('a demo is up already; remove it first: npm run demo:down');
    printed = (await run('node', 'dist/e2e/demo.js', 'up')).stdout;
  });
  after(() => run('node', 'dist/e2e/demo.js', 'down'));

  it('shows what the demo prints', () => {
    const shown = readFileSync(README, 'utf8');
    if (process.env.UPDATE_README)
      writeFileSync(
        README,
        shown.replace(OUTPUT, () => `<!-- demo -->\n\`\`\`\n${printed}\n\`\`\`\n<!-- /demo -->`),
      );
    else expect(timeless(OUTPUT.exec(shown)?.[1]?.trim() ?? '')).to.equal(timeless(printed.trim()));
  });

  it('shows commands at all', () => {
    expect(commands().length).to.be.greaterThan(8);
  });

  for (const command of commands()) {
    it(`shows a command that works: ${command}`, async () => {
      const { all } = await run('sh', '-c', command);
      expect(all).to.match(/10\.|slash32|169\.254|fwmark|TO BLUE/);
    });
  }
});
