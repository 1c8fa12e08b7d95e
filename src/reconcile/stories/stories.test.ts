import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { play } from './play.js';

const HERE = fileURLToPath(new URL('../../../../src/reconcile/stories/', import.meta.url));

describe('the reconciler keeps its promises', () => {
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.txt'))) {
    it(file.replace('.txt', '').replaceAll('-', ' '), () => play(readFileSync(HERE + file, 'utf8')));
  }
});
