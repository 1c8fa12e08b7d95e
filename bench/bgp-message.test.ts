import { expect } from 'chai';
import { KEEPALIVE, readMessages, writeMessage } from '../src/gobgp/bgp-message.js';
import { announcements, endOfRib, openMessage, UPDATE, withdrawals } from './bgp-message.js';

const speaker = { asn: 65000, address: '192.0.2.0', hold: 9 };
const marker = 'ff'.repeat(16);
const hex = (text: string) => text.replaceAll(' ', '');

describe('BGP messages', () => {
  it('opens with IPv4 unicast and 4-byte AS numbers (RFC 4271 4.2)', () => {
    expect(openMessage(speaker).toString('hex')).to.equal(
      marker + hex('002b 01 04 fde8 0009 c0000200 0e 02 0c 01 04 0001 00 01 41 04 0000fde8'),
    );
  });

  it('announces a /32 with next hop and route target', () => {
    expect(announcements([0x0a800001], speaker, [64512, 100]).toString('hex')).to.equal(
      marker + hex('003b 02 0000 001f 40010100 40020602010000fde8 400304c0000200 c010080002fc0000000064 20 0a800001'),
    );
  });

  it('withdraws a /32', () => {
    expect(withdrawals([0x0a800001]).toString('hex')).to.equal(marker + hex('001c 02 0005 20 0a800001 0000'));
  });

  it('puts as many into a message as it holds, and none into a message that is too long', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => 0x0a800000 + i);
    const { messages, rest } = readMessages(announcements(many, speaker, [64512, 100]));
    expect(rest).to.have.length(0);
    expect(messages.every(({ type, body }) => type === UPDATE && body.length <= 4096 - 19)).to.equal(true);
    expect(messages.length).to.be.within(120, 130);
    const attributes = messages.length * (4 + 31);
    expect(messages.reduce((sum, { body }) => sum + body.length, 0) - attributes).to.equal(100_000 * 5);
  });

  it('takes whole messages only, and keeps the rest for later', () => {
    const both = Buffer.concat([writeMessage(KEEPALIVE), endOfRib()]);
    const { messages, rest } = readMessages(both.subarray(0, both.length - 1));
    expect(messages.map(({ type }) => type)).to.deep.equal([KEEPALIVE]);
    expect(readMessages(Buffer.concat([rest, both.subarray(both.length - 1)])).messages).to.have.length(1);
  });
});
