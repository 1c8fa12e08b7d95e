/** Numbered steps: each says what it does before it does it, and how long it took. */
import { paint } from './paint.js';

/** One step. `logs` are what to read when it fails: processes of nodes, `node process`. */
export interface Step {
  readonly title: string;
  readonly logs: readonly string[];
  run(): Promise<void>;
}

/** A step that failed, with what it was. */
export class StepFailed extends Error {
  override name = 'StepFailed';
  readonly step: Step;

  constructor(step: Step, cause: Error) {
    super(`${step.title}: ${cause.message}`, { cause });
    this.step = step;
  }
}

/** Runs one after the other. Throws StepFailed at the first that fails, and the signal's reason after one that it came in. */
export async function runSteps(
  steps: readonly Step[],
  print: (text: string) => void,
  interrupted?: AbortSignal,
): Promise<void> {
  for (const [i, step] of steps.entries()) {
    print(`[${i + 1}/${steps.length}] ${step.title.padEnd(58)} `);
    const start = performance.now();
    try {
      await step.run();
    } catch (error) {
      print(`${paint('red', 'failed')}\n`);
      throw new StepFailed(step, error as Error);
    }
    interrupted?.throwIfAborted();
    print(`${seconds(start).padStart(7)}\n`);
  }
}

/** How long ago that was: `0.42 s`. */
export function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}
