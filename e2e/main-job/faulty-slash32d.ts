#!/usr/bin/env node
/** The real controller with one port that fails as S32_FAULT says: `error the wiring`, `kill the route`. */
import { main } from '../../src/main.js';
import { FAULTS } from './faults.js';

const [, mode, step] = /^(error|kill) (.+)$/.exec(process.env.S32_FAULT ?? '') ?? [];
const wrap = FAULTS[step as keyof typeof FAULTS];
if (!wrap) throw new Error(`S32_FAULT names no step: ${process.env.S32_FAULT}`);

// Only an endpoint's own step counts, not what a start does by itself.
let armed = false;
process.on('SIGUSR2', () => {
  armed = true;
  process.stderr.write(`armed ${process.pid}\n`);
});

function fault(): void {
  if (!armed) return;
  if (mode === 'kill') process.kill(process.pid, 'SIGKILL');
  throw new Error('injected');
}

await main(process.argv.slice(2), (ports) => wrap(ports, fault));
