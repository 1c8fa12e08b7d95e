/** The reader that other tests trust has to be strict itself. */
import { expect } from 'chai';
import { numberIn, readExposition } from './exposition.fixture.js';

const HEAD = '# HELP slash32_x What it is.\n# TYPE slash32_x gauge\n';

describe('the reader of the text format', () => {
  it('reads labels with everything that may be escaped in them', () => {
    const exposition = readExposition(`${HEAD}slash32_x{a="q\\"uo\\\\te\\n",b=""} 1e3\nslash32_x{a="y",b=""} +Inf\n`);
    expect(numberIn(exposition, 'slash32_x{a="q\\"uo\\\\te\\n",b=""}')).to.equal(1000);
    expect(numberIn(exposition, 'slash32_x{a="y",b=""}')).to.equal(Infinity);
  });

  const histogram = (count: number, ...buckets: number[]) =>
    [
      '# HELP slash32_h_seconds How long.\n# TYPE slash32_h_seconds histogram',
      ...buckets.map((value, i) => `slash32_h_seconds_bucket{le="${i === buckets.length - 1 ? '+Inf' : i}"} ${value}`),
      `slash32_h_seconds_sum 1\nslash32_h_seconds_count ${count}\n`,
    ].join('\n');

  it('reads a histogram', () => {
    expect(numberIn(readExposition(histogram(3, 1, 3)), 'slash32_h_seconds_count')).to.equal(3);
  });

  const BAD: Record<string, string> = {
    'a sample without a family': 'slash32_x 1\n',
    'a second HELP': `${HEAD}${HEAD}`,
    'a TYPE alone': '# TYPE slash32_x gauge\n',
    'an empty help': '# HELP slash32_x\n# TYPE slash32_x gauge\n',
    'a sample after another family has begun': `${HEAD}${HEAD.replaceAll('_x', '_y')}slash32_x 1\n`,
    'the same sample twice': `${HEAD}slash32_x{a="1",b="2"} 1\nslash32_x{b="2",a="1"} 1\n`,
    'a label twice': `${HEAD}slash32_x{a="1",a="2"} 1\n`,
    'an unescaped quote': `${HEAD}slash32_x{a="1"2"} 1\n`,
    'an escape that does not exist': `${HEAD}slash32_x{a="\\d"} 1\n`,
    'a comma too many': `${HEAD}slash32_x{a="1",} 1\n`,
    'no number': `${HEAD}slash32_x undefined\n`,
    'a last line without end': `${HEAD}slash32_x 1`,
    'a counter without _total': `${HEAD.replace('gauge', 'counter')}slash32_x 1\n`,
    'a gauge with _total': `${HEAD.replaceAll('_x', '_x_total')}slash32_x_total 1\n`,
    'a unit that is no base unit': HEAD.replaceAll('_x', '_x_milliseconds'),
    'buckets that shrink': histogram(1, 2, 1),
    'a last bucket that is not the count': histogram(4, 1, 3),
  };
  for (const [what, text] of Object.entries(BAD)) {
    it(`refuses ${what}`, () => {
      expect(() => readExposition(text)).to.throw();
    });
  }
});
