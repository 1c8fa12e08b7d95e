import { expect } from 'chai';
import fc from 'fast-check';
import {
  attributeList,
  attributes,
  encode,
  MessageBuffer,
  macBytes,
  macText,
  messagesIn,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  type Request,
  textOf,
} from './message.js';
import { errorIn } from './netlink-error.js';

const request = (values: readonly (readonly [number, Uint8Array])[]): Request => ({
  type: 24,
  flags: NLM_F_REQUEST | NLM_F_ACK,
  write: (message) => {
    message.u32(7);
    for (const [type, value] of values) message.attribute(type, value);
  },
});
const someAttributes = fc.array(fc.tuple(fc.integer({ min: 1, max: 0x3fff }), fc.uint8Array({ maxLength: 300 })), {
  maxLength: 20,
});

describe('a netlink message', () => {
  it('gives back what was written, whatever the lengths, many in one buffer', () => {
    fc.assert(
      fc.property(fc.array(someAttributes, { maxLength: 10 }), (bodies) => {
        const buffer = new MessageBuffer(32); // grows
        for (const [i, body] of bodies.entries()) buffer.message(request(body), i + 1);
        const read = [...messagesIn(buffer.bytes)].map(({ sequence, body }) => ({
          sequence,
          values: [...attributeList(body, 4)].map(([type, value]) => [type, new Uint8Array(value)]),
        }));
        expect(read).to.deep.equal(bodies.map((body, i) => ({ sequence: i + 1, values: body })));
      }),
    );
  });

  it('has attributes within attributes, with and without the mark', () => {
    const bytes = encode({
      type: 16,
      flags: 0,
      write: (message) =>
        message.nest(18, () => message.attributeText(1, 'veth')).nestMarked(19, () => message.attributeU8(2, 9)),
    });
    const found = attributes([...messagesIn(bytes)][0]!.body);
    expect(textOf(attributes(found.get(18)!).get(1)!)).to.equal('veth');
    expect([...attributes(found.get(19)!).get(2)!]).to.deep.equal([9]);
  });

  it('is refused when it is cut off, and never read beyond its end', () => {
    const whole = encode(request([[1, Buffer.from('abcdefgh')]]));
    fc.assert(
      fc.property(fc.integer({ min: 16, max: whole.length - 1 }), (length) => {
        expect(() => [...messagesIn(whole.subarray(0, length))]).to.throw(RangeError);
      }),
    );
  });

  it('of random bytes ends in an error or in messages that lie within them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const datagram = Buffer.from(bytes);
        try {
          for (const { body } of messagesIn(datagram)) {
            for (const [, value] of attributeList(body)) expect(value.length).to.be.at.most(datagram.length);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
      }),
    );
  });
});

describe('a MAC address', () => {
  it('is the same in bytes and in text', () => {
    expect(macText(macBytes('02:53:32:0A:0b:0c'))).to.equal('02:53:32:0a:0b:0c');
  });

  it('is refused when it is none, by its text', () => {
    for (const text of ['', '02:53', '02:53:32:0a:0b:0g', '02:53:32:0a:0b:0c:0d', '025332000001']) {
      expect(() => macBytes(text)).to.throw(RangeError, `"${text}"`);
    }
  });
});

describe('an error of the kernel', () => {
  /** struct nlmsgerr, the request's header, and the sentence as an attribute when given. */
  const errorMessage = (errno: number, sentence?: string) => {
    const text = sentence === undefined ? [] : [[1, Buffer.from(`${sentence}\0`)] as const];
    const bytes = encode({
      type: NLMSG_ERROR,
      flags: 0x100 | (text.length ? 0x200 : 0),
      write: (message) => {
        message.u32(-errno).zero(16);
        for (const [type, value] of text) message.attribute(type, value);
      },
    });
    return errorIn([...messagesIn(bytes)][0]!);
  };

  it('says what strerror says, and the sentence after it', () => {
    expect(errorMessage(17)?.message).to.equal('File exists');
    expect(errorMessage(17)).to.include({ errno: 17, code: 'EEXIST', sentence: undefined });
    expect(errorMessage(101, 'Nexthop has invalid gateway')?.message).to.equal(
      'Network is unreachable: Nexthop has invalid gateway',
    );
  });

  it('is none when the kernel acknowledges, or ends a dump', () => {
    expect(errorMessage(0)).to.equal(undefined);
    const done = encode({ type: NLMSG_DONE, flags: 0, write: (message) => message.u32(0) });
    expect(errorIn([...messagesIn(done)][0]!)).to.equal(undefined);
  });
});
