import { Unreachable } from '../ports.js';

/** Why a prefix is not as it should be: which step failed, and the world's own words. */
export class StepFailure extends Error {
  /** Somebody said no. Otherwise nobody answered, and waiting may help. */
  readonly refused: boolean;
  readonly step: 'route' | 'announcement' | 'withdrawal' | 'route removal';

  constructor(step: StepFailure['step'], cause: Error) {
    super(`${step}: ${cause.message}`, { cause });
    this.step = step;
    this.refused = !(cause instanceof Unreachable);
  }
}
