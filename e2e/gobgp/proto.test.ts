/** Our .proto files against the descriptors that are compiled into each gobgpd. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { execa } from 'execa';
import protobuf from 'protobufjs';
import { loadProto } from '../../src/gobgp/proto.js';
import { onEachRelease } from './newer.js';

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
  enumType: Enum[];
  service: { name: string; method: Method[] }[];
}
interface Message {
  name: string;
  field: { name: string; number: number; label: number; type: number; typeName: string }[];
  nestedType: Message[];
  enumType: Enum[];
}
interface Enum {
  name: string;
  value: { name: string; number: number }[];
}
interface Method {
  name: string;
  inputType: string;
  outputType: string;
  clientStreaming: boolean;
  serverStreaming: boolean;
}

/** Where each generation's descriptors are, and what we have of them. */
const GENERATIONS = [
  {
    folder: 'gobgp-3',
    space: 'apipb',
    service: 'GobgpApi',
    files: ['gobgp.proto', 'attribute.proto'],
  },
  {
    folder: 'gobgp-4',
    space: 'api',
    service: 'GoBgpService',
    files: ['gobgp', 'attribute', 'common', 'nlri', 'extcom'].map((name) => `api/${name}.proto`),
  },
] as const;

/** By this one 3.10 is told from later ones (gobgp/ranges), so that it is missing there is as it should be. */
const MISSING: Readonly<Record<string, readonly string[]>> = {
  'gobgpd 3.10.0': ['.apipb.AddDefinedSetRequest.replace'],
};

await onEachRelease((binary, { name }) => {
  const generation = GENERATIONS[/ 4\./.test(name) ? 1 : 0];
  const { folder, space, service } = generation;
  let descriptors: Descriptor[];

  before(async () => {
    const image = await readFile((await execa('which', [binary])).stdout);
    descriptors = generation.files.map((file) => descriptorIn(image, file, space));
  });

  it(`has every field of proto/${folder}: number, type and repetition`, () => {
    const theirs = new Map(
      descriptors.flatMap((file) => file.messageType.flatMap((one) => fieldsOf(one, `.${space}`))),
    );
    const ours = ourFields(loadProto(folder).lookup(space) as protobuf.Namespace);
    expect(ours.size).to.be.above(80);
    const missing = MISSING[name] ?? [];
    for (const [field, shape] of ours) {
      expect(theirs.get(field), field).to.equal(missing.includes(field) ? undefined : shape);
    }
  });

  it(`has every value of the enums in proto/${folder}`, () => {
    const theirs = new Map(descriptors.flatMap((file) => valuesIn(file, `.${space}`)));
    const ours = ourValues(loadProto(folder).lookup(space) as protobuf.Namespace);
    expect(ours.length).to.be.above(20);
    for (const [value, number] of ours) expect(theirs.get(value), value).to.equal(number);
  });

  it(`has every method of proto/${folder}, with its messages and streams`, () => {
    const theirs = new Map(
      descriptors
        .flatMap((file) => file.service)
        .flatMap(({ method }) => method.map((one) => [one.name, shapeOf(one)])),
    );
    const { methodsArray } = loadProto(folder).lookupService(`${space}.${service}`);
    expect(methodsArray).to.have.length(22);
    for (const method of methodsArray) {
      method.resolve();
      const { resolvedRequestType, resolvedResponseType, requestStream, responseStream } = method;
      const shape = [resolvedRequestType?.fullName, resolvedResponseType?.fullName, !!requestStream, !!responseStream];
      expect(theirs.get(method.name), method.name).to.equal(shape.join(' '));
    }
  });
});

/** Go keeps each file's FileDescriptorProto as bytes in the binary; it begins with its name, and ends with its syntax. */
function descriptorIn(binary: Buffer, file: string, space: string): Descriptor {
  const named = (tag: number, text: string) => Buffer.from([tag, text.length, ...Buffer.from(text)]);
  const head = Buffer.concat([named(0x0a, file), named(0x12, space)]);
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

function valuesIn(
  of: { enumType: Enum[]; nestedType?: Message[]; messageType?: Message[] },
  parent: string,
): [string, number][] {
  const own = of.enumType.flatMap((one) =>
    one.value.map(({ name, number }): [string, number] => [`${parent}.${one.name}.${name}`, number]),
  );
  const inner = of.messageType ?? of.nestedType ?? [];
  return [...own, ...inner.flatMap((message) => valuesIn(message, `${parent}.${message.name}`))];
}

function ourValues(space: protobuf.NamespaceBase): [string, number][] {
  return space.nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Enum)
      return Object.entries(one.values).map(([name, number]): [string, number] => [`${one.fullName}.${name}`, number]);
    return one instanceof protobuf.Namespace ? ourValues(one) : [];
  });
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
