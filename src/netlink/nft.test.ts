import { expect } from 'chai';
import { encode, messagesIn, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, type Request } from './message.js';
import { NetlinkError } from './netlink-error.js';
import { generation, NftMessage, nftDump, transaction } from './nft.js';
import { removeChain, ruleIn, rulesDump } from './nft-chain.js';
import { addElement, elementsDump, elementsIn, interfaceKey, removeElement } from './nft-element.js';

// Bytes as `strace -xx -e trace=sendmsg,sendto nft ...` (nftables 1.0.6) shows them; header fields that differ on purpose
// (sequence, NLM_F_ACK) are left out, and so is the set id, which nft needs only for sets of the same transaction.
const TABLE = '0c000100736c617368333200';
const SOURCE4 = '0c000200736f757263653400';
const LINK = '73333261616161616161610000000000';

const attributesOf = (request: Request) => encode(request).subarray(20).toString('hex');
const source4 = {
  map: 'source4',
  key: Buffer.concat([interfaceKey('s32aaaaaaaa'), Buffer.from([10, 0, 0, 1])]),
  chain: 'net-1001',
};

describe('nftables messages', () => {
  it('add an element as nft does: nft add element inet slash32 source4 { "s32aaaaaaaa" . 10.0.0.1 : goto net-1001 }', () => {
    const elements =
      `4400038040000180` + // list of elements, one element
      `1c00018018000100${LINK}0a000001` +
      `200002801c000280` + // data: a verdict
      `08000100fffffffc0d0002006e65742d3130303100000000`;
    expect(attributesOf(addElement('slash32', source4))).to.equal(TABLE + SOURCE4 + elements);
  });

  it('delete an element as nft does: nft delete element inet slash32 destination6 { fd00::1 }', () => {
    const element = { map: 'destination6', key: Buffer.from('fd000000000000000000000000000001', 'hex') };
    expect(attributesOf(removeElement('slash32', element))).to.equal(
      `${TABLE}1100020064657374696e6174696f6e3600000000` +
        '200003801c0001801800018014000100fd000000000000000000000000000001',
    );
  });

  it('ask for the inet family, as nft does', () => {
    const bytes = encode(elementsDump('slash32', 'source4'));
    expect(bytes.readUInt16LE(4)).to.equal(0x0a0d);
    expect(bytes.readUInt16LE(6)).to.equal(NLM_F_REQUEST | NLM_F_DUMP);
    expect(bytes.subarray(16).toString('hex')).to.equal(`01000000${TABLE}${SOURCE4}`);
  });

  it('read back the elements that they write', () => {
    const [message] = [...messagesIn(encode(addElement('slash32', source4)))];
    expect(elementsIn(message!)).to.deep.equal([source4]);
  });

  it('refuse an interface name that the kernel would cut off', () => {
    expect(() => interfaceKey('s32aaaaaaaaaaaaa')).to.throw(RangeError, 'at most 15 bytes');
  });

  it('tell a rule by its handle and expressions, not by the generation it was read at', () => {
    const rule = (generationBits: string) =>
      Buffer.from(`0100${generationBits}${TABLE}0c0002006e65742d31303031`.padEnd(64, '0'), 'hex');
    const read = (body: Buffer) => ruleIn('slash32', { type: 0, flags: 0, sequence: 1, body });
    expect(read(rule('0007'))).to.deep.equal(read(rule('0008')));
    expect(read(rule('0007'))?.chain).to.equal('net-1001');
    expect(ruleIn('another', { type: 0, flags: 0, sequence: 1, body: rule('0007') })).to.equal(undefined);
  });

  it('dump rules of one table', () => {
    expect(encode(rulesDump('slash32')).subarray(16).toString('hex')).to.equal(`01000000${TABLE}`);
    expect(encode(nftDump(NftMessage.GETCHAIN)).length).to.equal(20);
  });
});

describe('an nftables transaction', () => {
  const sent: Request[][] = [];
  const socket = (errors: Map<number, NetlinkError>) => ({
    together(requests: readonly Request[]) {
      sent.push([...requests]);
      return errors;
    },
  });

  it('stands between a begin and an end message that name the subsystem, as nft sends them', () => {
    transaction(socket(new Map()), [removeChain('slash32', 'net-7')]);
    const [begin, , end] = sent.pop()!.map((request) => encode(request, 5).toString('hex'));
    expect(begin).to.equal('140000001000010005000000000000000000000a');
    expect(end).to.equal('140000001100010005000000000000000000000a');
  });

  it('numbers what was refused by the place of the change', () => {
    const error = new NetlinkError(2);
    const refused = transaction(socket(new Map([[2, error]])), [removeChain('t', 'a'), removeChain('t', 'b')]);
    expect([...refused]).to.deep.equal([[1, error]]);
  });

  it('asks for an acknowledgement of every change, so that silence is not taken for success', () => {
    transaction(socket(new Map()), [removeChain('slash32', 'net-7'), addElement('slash32', source4)]);
    const flags = sent.pop()!.map((request) => request.flags & NLM_F_ACK);
    expect(flags).to.deep.equal([0, NLM_F_ACK, NLM_F_ACK, 0]);
  });

  it('is not sent when there is nothing to change', () => {
    sent.length = 0;
    expect(transaction(socket(new Map()), []).size).to.equal(0);
    expect(sent).to.deep.equal([]);
  });
});

describe('the generation of the ruleset', () => {
  it('is read in network order', () => {
    const body = Buffer.from('0000000008000100000001020c000200', 'hex');
    expect(generation({ request: () => [{ type: 0x0a0f, flags: 0, sequence: 1, body }] })).to.equal(0x102);
  });
});
