/**
 * mocha's spec reporter, and at the end the true counts as JSON in the file that `--reporter-option counts=FILE` names.
 * No file means that the run did not come to its end.
 */
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.countsFile = options.reporterOptions.counts;
  }

  done(failures, end) {
    const { passes, pending } = this.stats;
    // `failures` has failed hooks as well, which no test stands for.
    writeFileSync(this.countsFile, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    end(failures);
  }
}
