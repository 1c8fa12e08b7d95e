import { isIPv4 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { routeTarget, targetParts } from './route-target.js';

const as2 = fc.record({
  form: fc.constant('as2' as const),
  administrator: fc.nat(0xffff).map(String),
  number: fc.nat(0xffffffff),
});
const as4 = fc.record({
  form: fc.constant('as4' as const),
  administrator: fc.nat(0xffffffff).map(String),
  number: fc.nat(0xffff),
});
const ip4 = fc.record({ form: fc.constant('ip4' as const), administrator: fc.ipV4(), number: fc.nat(0xffff) });

describe('a route target', function () {
  this.timeout(20_000);
  it('comes back from its parts, in each of the three forms', () => {
    fc.assert(
      fc.property(fc.oneof(as2, as4, ip4), (parts) => {
        const long = parts.form === 'as4' ? 'L' : '';
        expect(targetParts(routeTarget(`${parts.administrator}${long}:${parts.number}`))).to.deep.equal(parts);
      }),
    );
  });

  it('is one text however it is written', () => {
    const variants = ['64512:100', ' 64512:100 ', '064512:0100'];
    expect(new Set(variants.map(routeTarget))).to.deep.equal(new Set(['64512:100']));
    expect(routeTarget('4200000000L:5')).to.equal('4200000000:5');
  });

  it('with a small AS in the long form is another target', () => {
    expect(routeTarget('65000L:1')).to.equal('65000L:1').and.not.equal(routeTarget('65000:1'));
  });

  it('is on the border of its forms what the RFCs say', () => {
    const form = (text: string) => targetParts(routeTarget(text)).form;
    expect(['65535:4294967295', '65536:65535', '255.255.255.255:65535'].map(form)).to.deep.equal(['as2', 'as4', 'ip4']);
    for (const text of ['65535:4294967296', '65536:65536', '4294967296:1', '192.0.2.1:65536', '1L:65536']) {
      expect(() => routeTarget(text), text).to.throw(RangeError);
    }
  });

  it('names the reason of its refusal', () => {
    expect(() => routeTarget('65536:65536')).to.throw('"65536:65536": the number after the colon is at most 65535');
    expect(() => routeTarget('4294967296:1')).to.throw('an AS number is at most 4294967295');
    expect(() => routeTarget('1.2.3:1')).to.throw('expected ASN:number or A.B.C.D:number, like 64512:100');
    expect(() => routeTarget('192.0.2.256:1')).to.throw('not an IP address: "192.0.2.256"');
    expect(() => routeTarget('\x1b[2J\n')).to.throw('not a route target: "\\u001b[2J\\n"');
  });

  it('is only what has one colon and whole numbers', () => {
    const bad = [
      '',
      ':',
      '1:',
      ':1',
      '1:1:1',
      '-1:1',
      '1:-1',
      '1.5:1',
      '1e3:1',
      '0x1:1',
      'RT:1',
      '::1',
      '1.10:5',
      '192.0.2.1L:1',
      '1l:1',
      '010.0.0.1:1',
    ];
    for (const text of bad) expect(() => routeTarget(text), text).to.throw(RangeError);
  });

  it('text of any kind is a target that reads back as itself, or a RangeError', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0169:.L ') }),
      fc.tuple(fc.ipV4(), fc.nat()).map((t) => t.join(':')),
    );
    fc.assert(
      fc.property(text, (any) => {
        try {
          const target = routeTarget(any);
          expect(routeTarget(target)).to.equal(target);
          const { form, administrator } = targetParts(target);
          expect(isIPv4(administrator)).to.equal(form === 'ip4');
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
