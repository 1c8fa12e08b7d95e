import { expect } from 'chai';
import fc from 'fast-check';
import { example, problemsOf } from './example-node.js';
import { tableOf } from './table-number.js';

const tables = (names: readonly string[]) => {
  const networks = names.map((name) => `- { name: ${name} }`).join('\n');
  const { byName } = example(`bgp: { asn: 65001 }\nnetworks:\n${networks}\n`).networks;
  return new Map([...byName].map(([name, { table }]) => [name, table]));
};

describe('the table of a network that names none', () => {
  it('is the same in every version, for it is in the kernel over a restart', () => {
    expect([tableOf('blue'), tableOf('red'), tableOf('green')]).to.deep.equal([6763, 5832, 4826]);
  });

  it('does not depend on the order of networks, nor on who is beside it', () => {
    const all = tables(['blue', 'red', 'green']);
    expect(tables(['green', 'blue', 'red'])).to.deep.equal(all);
    expect(tables(['red']).get('red')).to.equal(all.get('red'));
  });

  it('is always from 1000 to 8000', () => {
    fc.assert(fc.property(fc.string(), (name) => tableOf(name) >= 1000 && tableOf(name) <= 8000));
  });

  it('is refused where two names meet, and one line of configuration parts them', () => {
    const [a, b] = meeting();
    const file = (more: string) => `bgp: { asn: 65001 }\nnetworks:\n- { name: ${a} }\n- { name: ${b}${more} }\n`;
    const table = tableOf(a);
    expect(problemsOf(file(''))).to.deep.equal([
      `4:11: networks.1.name: the table derived from "${b}", ${table}, is the table of "${a}" too; give one of them another table`,
    ]);
    expect(problemsOf(file(', table: 999'))).to.deep.equal([]);
  });
});

function meeting(): [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const name = `net${i}`;
    const other = seen.get(tableOf(name));
    if (other) return [other, name];
    seen.set(tableOf(name), name);
  }
}
