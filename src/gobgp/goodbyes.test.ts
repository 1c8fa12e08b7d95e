import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../until.fixture.js';
import { goodbyes, noteGoodbyes } from './goodbyes.js';

/** As 3.10, 3.36 and 4.8 print it. */
const SAID_3 =
  '{"Code":6,"Data":"AAEBAAAAAg==","Key":"192.0.2.0","Subcode":1,"Topic":"Peer","level":"warning","msg":"received notification"}';
const SAID_4 =
  '{"time":"2026-11-21T19:26:04Z","level":"INFO","msg":"received notification","Topic":"Peer","Key":"192.0.2.2","Code":6,"Subcode":2,"Data":""}';
const down = (peer: string) => `{"Key":"${peer}","Reason":"some","State":"BGP_FSM_ESTABLISHED","msg":"Peer Down"}`;

describe('what gobgpd prints of the ends of sessions', () => {
  let directory: string;
  let api: string;
  let note: (line: string) => void;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 's32-goodbyes-'));
    api = `unix://${directory}/gobgpd.sock`;
    note = noteGoodbyes(api);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const noted = async (count: number) => {
    await until(`${count} to be noted`, async () => (await goodbyes(api)).size === count, 5);
    return Object.fromEntries(await goodbyes(api));
  };

  it('tells which NOTIFICATION of the peer it was, and the limit that it names', async () => {
    for (const line of ['{"msg":"Peer Up","Key":"192.0.2.0"}', SAID_3, down('192.0.2.0'), SAID_4, down('192.0.2.2')]) {
      note(line);
    }
    expect(await noted(2)).to.deep.equal({
      '192.0.2.0': { code: 6, subcode: 1, limit: 2 },
      '192.0.2.2': { code: 6, subcode: 2 },
    });
  });

  it('is forgotten when the next session ends otherwise, and with the gobgpd that printed it', async () => {
    for (const line of [SAID_3, down('192.0.2.0')]) note(line);
    await noted(1);
    note(down('192.0.2.0'));
    await noted(0);
    for (const line of [SAID_4, down('192.0.2.2')]) note(line);
    await noted(1);
    noteGoodbyes(api);
    await noted(0);
  });

  it('is none in lines that are not what they look like', async () => {
    for (const line of ['Peer Down', '{"msg":"Peer Down"}', 'received notification {', SAID_3.replace('6', '"6"')])
      note(line);
    for (const line of [SAID_4, down('192.0.2.2'), down('192.0.2.0')]) note(line);
    expect(Object.keys(await noted(1))).to.deep.equal(['192.0.2.2']);
  });
});
