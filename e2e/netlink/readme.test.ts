/** The example in src/netlink/README.md runs, and prints what stands there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { inPrivateNamespace, run } from './private-namespace.js';

const README = fileURLToPath(new URL('../../../src/netlink/README.md', import.meta.url));
const COMPILED = new URL('../../src/netlink/index.js', import.meta.url).href;

inPrivateNamespace(import.meta.url, () => {
  it('the example prints what the page says', () => {
    const [, example = '', printed = ''] = /```ts\n(.*?)```.*?```\n(.*?)```/s.exec(readFileSync(README, 'utf8')) ?? [];
    const directory = mkdtempSync(join(tmpdir(), 's32-netlink-'));
    const script = join(directory, 'example.mjs');
    // The only types in it are those of the arrow function's parameters, and one "!".
    const javascript = example
      .replace("'./index.js'", `'${COMPILED}'`)
      .replaceAll(': number', '')
      .replace("('lo')!", "('lo')");
    writeFileSync(script, javascript);
    try {
      expect(run(process.execPath, script)).to.equal(printed);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
