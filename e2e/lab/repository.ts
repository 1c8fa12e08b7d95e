/** Where things are: this module runs as `dist/e2e/lab/repository.js`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The absolute path of something in the repository. */
export function inRepository(path: string): string {
  return resolve(root, path);
}
