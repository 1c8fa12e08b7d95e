import { expect } from 'chai';
import { configSchema } from './schema.js';

interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
}

describe('the JSON Schema for editors', () => {
  const schema = configSchema() as Schema;

  it('knows every map as closed', () => {
    const open: string[] = [];
    const walk = (at: Schema, path: string) => {
      if (at.properties && at.additionalProperties !== false) open.push(path);
      for (const [key, inner] of Object.entries(at.properties ?? {})) walk(inner, `${path}.${key}`);
      if (at.items) walk(at.items, `${path}[]`);
    };
    walk(schema, '');
    expect(open).to.deep.equal([]);
  });

  it('asks for what has no default and for nothing else', () => {
    expect(schema.required).to.deep.equal(['bgp']);
    expect(schema.properties?.bgp?.required).to.deep.equal(['asn']);
    expect(schema.properties?.bgp?.properties?.peers?.items?.required).to.deep.equal(['asn']);
    expect(schema.properties?.networks?.items?.required).to.deep.equal(['name']);
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).to.deep.equal(schema);
  });
});
