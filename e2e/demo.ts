/** The demo: `node dist/e2e/demo.js up|down`, or `npm run demo` and `npm run demo:down`. */
import { down } from './demo/down.js';
import { up } from './demo/up.js';

const verbs: Record<string, (print: (text: string) => void) => Promise<number>> = { up, down };
const verb = verbs[process.argv[2] ?? ''];
const print = (text: string) => void process.stdout.write(text);

if (!verb) {
  process.stderr.write('usage: demo up|down\n');
  process.exitCode = 2;
} else if (process.getuid?.() !== 0) {
  process.stderr.write('the demo makes and removes network namespaces: run it as root (sudo)\n');
  process.exitCode = 1;
} else {
  process.exitCode = await verb(print);
}
