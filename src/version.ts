import { readFileSync } from 'node:fs';

/** Of this program, as its package says it; `unknown` where that was not installed with it. */
export function version(): string {
  try {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
