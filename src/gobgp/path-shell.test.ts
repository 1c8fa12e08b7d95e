import { expect } from 'chai';
import fc from 'fast-check';
import { typesOf } from './api.js';
import { changedPaths, listedPaths, type RawPath } from './path-shell.js';

const type = typesOf('gobgp-4', 'api');

/** A path as our .proto files write it, by protobufjs. */
const path = fc.record({
  nlri: fc.record({ prefix: fc.record({ prefixLen: fc.nat(32), prefix: fc.ipV4() }) }),
  pattrs: fc.array(fc.record({ origin: fc.record({ origin: fc.nat(2) }) }), { maxLength: 3 }),
  isWithdraw: fc.boolean(),
  family: fc.record({ afi: fc.constantFrom(1, 2), safi: fc.constant(1) }),
  isFromExternal: fc.boolean(),
  neighborIp: fc.oneof(fc.ipV4(), fc.ipV6()),
});

const encoded = (name: string, message: object) => Buffer.from(type(name).encode(message).finish());

function expectSame(raw: RawPath, sent: typeof path extends fc.Arbitrary<infer T> ? T : never): void {
  const { isWithdraw, isFromExternal, neighborIp } = sent;
  expect(raw).to.deep.include({ isWithdraw, isFromExternal, neighborIp });
  expect(Buffer.from(raw.nlri!)).to.deep.equal(encoded('NLRI', sent.nlri));
  const { pattrs } = sent;
  expect(Buffer.from(raw.attributes)).to.deep.equal(encoded('Path', { pattrs }));
}

describe('the shell of a path', () => {
  it('is read from a listing and from a watch as protobufjs wrote it', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 4 }), (paths) => {
        const listed = listedPaths(encoded('ListPathResponse', { destination: { prefix: 'any', paths } }));
        const changed = changedPaths(encoded('WatchEventResponse', { table: { paths } }))!;
        for (const found of [listed, changed]) {
          expect(found).to.have.length(paths.length);
          for (const [i, sent] of paths.entries()) expectSame(found[i]!, sent);
        }
      }),
    );
  });

  it('is found among fields that we do not know, in whatever order', () => {
    const unknown = Buffer.from([0xa8, 0x06, 0x07, 0xaa, 0x06, 0x02, 0x12, 0x00, 0xad, 0x06, 1, 2, 3, 4]);
    const known = encoded('Path', { neighborIp: '192.0.2.2', pattrs: [{ origin: { origin: 2 } }] });
    const inside = Buffer.concat([unknown, known, unknown]);
    const table = Buffer.concat([unknown, Buffer.from([0x12, inside.length]), inside]);
    const paths = changedPaths(Buffer.concat([unknown, Buffer.from([0x1a, table.length]), table, unknown]))!;
    expect(paths.map(({ neighborIp }) => neighborIp)).to.deep.equal(['192.0.2.2']);
    const { pattrs } = type('Path').decode(paths[0]!.attributes) as unknown as { pattrs: unknown[] };
    expect(pattrs).to.have.length(1);
  });

  it('is nothing that a message cut short could have', () => {
    const whole = encoded('WatchEventResponse', { table: { paths: [{ neighborIp: '192.0.2.2' }] } });
    for (let length = 1; length < whole.length; length++) {
      expect(() => changedPaths(whole.subarray(0, length)), `${length} bytes`).to.throw(RangeError);
    }
  });
});
