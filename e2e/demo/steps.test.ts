import { expect } from 'chai';
import { runSteps, type Step, StepFailed } from './steps.js';

const step = (title: string, run: () => Promise<void>): Step => ({ title, logs: [], run });

describe('steps', () => {
  it('are numbered, say what they do before they do it, and how long it took', async () => {
    let printed = '';
    const first = step('make', async () => {
      expect(printed).to.match(/^\[1\/2\] make +$/);
    });
    await runSteps([first, step('use', async () => {})], (text) => {
      printed += text;
    });
    expect(printed).to.match(/^\[1\/2\] make +\d\.\d\d s\n\[2\/2\] use +\d\.\d\d s\n$/);
  });

  it('end at the first that fails, and the error says which', async () => {
    let ran = false;
    const failing = step('break', () => Promise.reject(new Error('no more memory')));
    const never = step('never', async () => {
      ran = true;
    });
    const error = await runSteps([failing, never], () => {}).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(StepFailed).with.property('message', 'break: no more memory');
    expect(ran).to.equal(false);
  });
});
