/** Our .proto files against the descriptors that are compiled into the installed gobgpd. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { execa } from 'execa';
import protobuf from 'protobufjs';
import { loadProto } from '../../src/gobgp/proto.js';

/** google.protobuf.FieldDescriptorProto.Type, as .proto files write it. */
const SCALARS: Readonly<Record<number, string>> = {
  4: 'uint64',
  5: 'int32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
};

interface Descriptor {
  messageType: Message[];
  service: { name: string; method: Method[] }[];
}
interface Message {
  name: string;
  field: { name: string; number: number; label: number; type: number; typeName: string }[];
  nestedType: Message[];
}
interface Method {
  name: string;
  inputType: string;
  outputType: string;
  clientStreaming: boolean;
  serverStreaming: boolean;
}

describe('our proto files', () => {
  let descriptors: Descriptor[];

  before(async () => {
    const binary = await readFile((await execa('which', ['gobgpd'])).stdout);
    descriptors = ['gobgp.proto', 'attribute.proto'].map((file) => descriptorIn(binary, file));
  });

  it('name every field as the installed gobgpd does: number, type and repetition', () => {
    const theirs = new Map(descriptors.flatMap((file) => file.messageType.flatMap((one) => fieldsOf(one, '.apipb'))));
    const ours = ourFields(loadProto('gobgp-3').lookup('apipb') as protobuf.Namespace);
    expect(ours.size).to.be.above(80);
    for (const [field, shape] of ours) expect(theirs.get(field), field).to.equal(shape);
  });

  it('name every method with the messages and streams of the installed gobgpd', () => {
    const theirs = new Map(
      descriptors
        .flatMap(({ service }) => service)
        .flatMap(({ method }) => method.map((one) => [one.name, shapeOf(one)])),
    );
    const { methodsArray } = loadProto('gobgp-3').lookupService('apipb.GobgpApi');
    expect(methodsArray).to.have.length(9);
    for (const method of methodsArray) {
      method.resolve();
      const { resolvedRequestType, resolvedResponseType, requestStream, responseStream } = method;
      const shape = [resolvedRequestType?.fullName, resolvedResponseType?.fullName, !!requestStream, !!responseStream];
      expect(theirs.get(method.name), method.name).to.equal(shape.join(' '));
    }
  });
});

/** Go keeps each file's FileDescriptorProto as bytes in the binary; it begins with its name, and ends with its syntax. */
function descriptorIn(binary: Buffer, file: string): Descriptor {
  const head = Buffer.concat([Buffer.from([0x0a, file.length]), Buffer.from(file), Buffer.from('\x12\x05apipb')]);
  const start = binary.indexOf(head);
  expect(start, `the descriptor of ${file} is in gobgpd`).to.be.above(0);
  const reader = protobuf.Reader.create(binary.subarray(start));
  for (let field = 0; field !== 12; ) {
    const tag = reader.uint32();
    field = tag >>> 3;
    reader.skipType(tag & 7);
  }
  const json = createRequire(import.meta.url)('protobufjs/google/protobuf/descriptor.json');
  const type = protobuf.Root.fromJSON(json).lookupType('google.protobuf.FileDescriptorProto');
  return type.decode(binary.subarray(start, start + reader.pos)) as unknown as Descriptor;
}

function fieldsOf(message: Message, parent: string): [string, string][] {
  const name = `${parent}.${message.name}`;
  const own = message.field.map((field): [string, string] => {
    const type = field.typeName || SCALARS[field.type];
    return [`${name}.${field.name}`, `${field.number} ${field.label === 3 ? 'repeated ' : ''}${type}`];
  });
  return [...own, ...message.nestedType.flatMap((one) => fieldsOf(one, name))];
}

function ourFields(space: protobuf.NamespaceBase): Map<string, string> {
  const found = new Map<string, string>();
  for (const one of space.nestedArray) {
    if (one instanceof protobuf.Type) {
      for (const field of one.fieldsArray) {
        const { id, repeated, resolvedType, type } = field.resolve();
        const shape = `${id} ${repeated ? 'repeated ' : ''}${resolvedType?.fullName ?? type}`;
        found.set(`${one.fullName}.${snake(field.name)}`, shape);
      }
    }
    if (one instanceof protobuf.Namespace) for (const [name, shape] of ourFields(one)) found.set(name, shape);
  }
  return found;
}

/** protobufjs has turned our snake_case into camelCase. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function shapeOf({ inputType, outputType, clientStreaming, serverStreaming }: Method): string {
  return [inputType, outputType, !!clientStreaming, !!serverStreaming].join(' ');
}
