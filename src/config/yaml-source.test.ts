import { expect } from 'chai';
import { problemsOf } from './example-node.js';
import { readYaml } from './yaml-source.js';

const CASES: Record<string, [text: string, problem: string]> = {
  'an open bracket': [
    'bgp: { asn: 65001\n',
    '2:1: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  'a tab for indentation': ['bgp:\n\tasn: 3\n', '2:1: Tabs are not allowed as indentation'],
  'a key given twice': ['bgp:\n  asn: 1\n  asn: 2\n', '3:3: the key "asn" is given twice'],
  'a second document': [
    'bgp: { asn: 1 }\n---\nbgp: {}\n',
    '2:1: a second document begins here; the configuration is one',
  ],
  'an unknown tag': ['bgp: !secret { asn: 1 }\n', '1:6: Unresolved tag: !secret'],
  'an alias of nothing': ['bgp: *x\n', '1:6: no anchor &x stands before the alias *x'],
  'YAML 1.1': ['%YAML 1.1\n---\nbgp: {}\n', '1:1: YAML 1.1 is not accepted: it reads 64512:10 as a number'],
  'a million brackets': ['['.repeat(1_000_000), '1:1: nested more than 50 levels deep: not a configuration'],
  'lists in lists without end': ['- '.repeat(300_000), '1:1: nested more than 50 levels deep: not a configuration'],
  'a disk image': [' '.repeat(1_048_577), '1:1: longer than 1048576 characters: not a configuration'],
  'aliases that multiply': [
    `a: &a [${'x,'.repeat(9)}]\n${[...'bcdefgh'].map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}\n`,
    '1:1: cannot be read as YAML: Excessive alias count indicates a resource exhaustion attack',
  ],
};

describe('text that is not YAML, or more than YAML, is refused', () => {
  for (const [name, [text, problem]] of Object.entries(CASES)) {
    it(`for ${name}`, () => expect(problemsOf(text)).to.deep.equal([problem]));
  }

  it('with ten problems at most, since one bracket may cause hundreds', () => {
    expect(problemsOf('a: 1\n'.repeat(500))).to.have.length(10);
  });
});

describe('a place in a YAML file', () => {
  const text = 'a: &x\n  - { b: 1, "c": 2 }\n  -\n    d:\nz: *x\n';
  const place = (path: (string | number)[], at?: 'key') => {
    const { line, column } = readYaml(text).locate({ path, message: '', ...(at ? { at } : {}) });
    return `${line}:${column}`;
  };

  it('is that of the value, or of the key when asked', () => {
    expect(place(['a', 0, 'c'])).to.equal('2:18');
    expect(place(['a', 0, 'c'], 'key')).to.equal('2:13');
  });

  it('is that of the parent for what is not there', () => {
    expect(place(['a', 0, 'nothing', 'deeper'])).to.equal('2:5');
    expect(place(['nothing'])).to.equal('1:1');
  });

  it('is that of the anchor for what is reached through an alias', () => {
    expect(place(['z'])).to.equal('5:4');
    expect(place(['z', 0, 'b'])).to.equal('2:10');
  });
});
