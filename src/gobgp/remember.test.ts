import { expect } from 'chai';
import { rememberBytes, rememberObject, rememberText } from './remember.js';

describe('what was read before', () => {
  it('is the same object again, by its text', () => {
    const letters = rememberText(
      (text: string) => text,
      (text) => [...text],
    );
    expect(letters('ab')).to.deep.equal(['a', 'b']).and.to.equal(letters('ab'));
    expect(letters('ba')).to.deep.equal(['b', 'a']);
  });

  it('is the same object again, by identity, also where the answer is none', () => {
    let asked = 0;
    const first = rememberObject((all: readonly string[]) => {
      asked++;
      return all[0];
    });
    const [none, one]: string[][] = [[], ['x']];
    expect([first(none!), first(none!), first(one!), first(one!), asked]).to.deep.equal([
      undefined,
      undefined,
      'x',
      'x',
      2,
    ]);
  });

  it('is the same object again, by its bytes, also when others came in between and the bytes are used for something else', () => {
    const lengths = rememberBytes((bytes) => ({ first: bytes[0], length: bytes.length }));
    const memory = Buffer.from([1, 2, 3]);
    const answer = lengths(memory);
    expect(answer).to.deep.equal({ first: 1, length: 3 });
    memory[0] = 9;
    expect(lengths(memory)).to.deep.equal({ first: 9, length: 3 });
    expect(lengths(new Uint8Array([1, 2, 3]))).to.equal(answer);
    expect(lengths(Buffer.from([1, 2, 3]))).to.equal(answer);
    expect(lengths(Buffer.from([1, 2]))).to.deep.equal({ first: 1, length: 2 });
  });

  it('refuses again what it refused', () => {
    const refuse = rememberText(
      (text: string) => text,
      (text) => {
        throw new RangeError(text);
      },
    );
    for (const _ of [1, 2]) expect(() => refuse('bad')).to.throw('bad');
  });

  it('is forgotten rather than kept without end', () => {
    const made = rememberText(
      (text: string) => text,
      (text) => ({ text }),
    );
    const first = made('0');
    for (let i = 1; i < 10_000; i++) made(String(i));
    expect(made('0')).not.to.equal(first);
  });
});
