/**
 * The first ADD after a start, played without a container.
 *
 * V8 compiles a function when it is first called, and zod builds the code of a schema then; with that, the first ADD takes
 * 30 ms and more. So what of it is pure is done before anybody comes: nothing is opened, written or said.
 */
import { address, prefix } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Gateways } from '../model/network.js';
import { encodeAnswer, encodeFrame, parseFrame } from './frame.js';
import { parseRequest } from './request.js';
import { resultOf } from './result.js';
import { encodeResult } from './result-encode.js';

/** After so many calls, V8 has seen what kinds of values come. */
const TIMES = 10;

const VARIABLES = ['COMMAND=ADD', 'CONTAINERID=rehearsal', 'NETNS=/run/netns/rehearsal', 'IFNAME=eth0', 'PATH=/'];
const FRAME = encodeFrame({
  environment: Buffer.from(VARIABLES.map((variable) => `CNI_${variable}\0`).join('')),
  stdin: Buffer.from('{"cniVersion":"1.0.0","name":"rehearsal","type":"slash32"}'),
});
/** Addresses for documentation (RFC 5737, RFC 3849). */
const ENDPOINT: Endpoint = {
  containerId: 'rehearsal',
  ifname: 'eth0',
  network: 'rehearsal',
  cniNetwork: 'rehearsal',
  state: 'attached',
  netns: '/run/netns/rehearsal',
  netnsInode: 1,
  link: { name: 's32rehearsal', index: 1, mac: '02:00:00:00:00:01' },
  mac: '02:00:00:00:00:02',
  mtu: 1500,
  addresses: [address('192.0.2.1'), address('2001:db8::1')],
  routes: [prefix('0.0.0.0/0'), prefix('::/0')],
  attachedAt: 0,
  since: '2026-01-01T00:00:00.000Z',
};

/** @param record makes a record of an endpoint, without saving it */
export function rehearse(gateways: Gateways, record: (endpoint: Endpoint) => unknown): void {
  for (let time = 0; time < TIMES; time++) {
    parseRequest(parseFrame(FRAME));
    record(ENDPOINT);
    encodeAnswer({ exitCode: 0, document: encodeResult(resultOf(ENDPOINT, gateways), '1.0.0') });
  }
}
