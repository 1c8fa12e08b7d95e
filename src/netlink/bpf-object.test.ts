import { expect } from 'chai';
import { programIn } from './bpf-object.js';

/** r1 = map; exit */
const CODE = Buffer.from('18010000000000000000000000000000' + '9500000000000000', 'hex');

/** An object as a compiler makes it: a program in section "tc/one" that speaks of the map "places" in its first instruction. */
function object(): Buffer {
  const names = Buffer.from('\0tc/one\0rel\0places\0');
  const symbols = Buffer.alloc(48);
  symbols.writeUInt32LE(names.indexOf('places'), 24);
  const relocation = Buffer.alloc(16);
  relocation.writeUInt32LE(1, 12);
  const parts = [names, CODE, relocation, symbols];
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  const start = 64 + parts.reduce((sum, { length }) => sum + length, 0);
  header.writeBigUInt64LE(BigInt(start), 0x28);
  for (const [value, at] of [
    [64, 0x3a],
    [4, 0x3c],
    [0, 0x3e],
  ] as const)
    header.writeUInt16LE(value, at);
  let at = 64;
  const section = (bytes: Buffer, name: string, type: number, link = 0, info = 0) => {
    const entry = Buffer.alloc(64);
    for (const [value, place] of [
      [names.indexOf(name), 0],
      [type, 4],
      [at, 24],
      [bytes.length, 32],
      [link, 40],
      [info, 44],
    ] as const)
      entry.writeUInt32LE(value, place);
    at += bytes.length;
    return entry;
  };
  const sections = [
    section(names, '\0', 3),
    section(CODE, 'tc/one', 1),
    section(relocation, 'rel', 9, 3, 1),
    section(symbols, '\0', 2, 0),
  ];
  return Buffer.concat([header, ...parts, ...sections]);
}

describe('an object file with programs', () => {
  it('gives a program in which maps have their file descriptors', () => {
    const code = programIn(object(), 'tc/one', new Map([['places', 77]]));
    expect(code.toString('hex')).to.equal(`1811${'0000'}4d000000${'00'.repeat(8)}9500000000000000`);
  });

  it('is refused with the name of what is missing: a program, a map', () => {
    expect(() => programIn(object(), 'tc/two', new Map())).to.throw(RangeError, 'tc/two');
    expect(() => programIn(object(), 'tc/one', new Map())).to.throw(RangeError, 'speaks of "places"');
    expect(() => programIn(Buffer.alloc(64), 'tc/one', new Map())).to.throw(RangeError, 'not an object file');
  });
});
