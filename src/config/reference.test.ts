import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { configReference, type Schema, sections } from './reference.js';
import { configSchema } from './schema.js';

const PAGE = new URL('../../../docs/configuration.md', import.meta.url);
const all = sections(configSchema() as Schema);

describe('the reference of the configuration', () => {
  it('is in docs/configuration.md as the schema has it', () => {
    expect(readFileSync(PAGE, 'utf8'), 'to renew it: bin/slash32 config reference > docs/configuration.md').to.equal(
      configReference(),
    );
  });

  it('explains every key', () => {
    const silent = all.flatMap(({ path, keys }) =>
      keys.filter(([, { description }]) => !description).map(([key]) => `${path}.${key}`),
    );
    expect(silent).to.eql([]);
  });

  it('has the keys of lists and of maps within maps, and no other spellings', () => {
    const names = all.flatMap(({ path, keys }) => keys.map(([key]) => `${path}.${key}`));
    expect(names).to.include.members(['bgp.peers[].timers.hold', 'networks[].import', 'kernel.gateways.v4', '.runDir']);
    expect(names.filter((name) => /importrt$/i.test(name))).to.eql([]);
  });
});
