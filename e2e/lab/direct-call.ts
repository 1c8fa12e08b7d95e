/** Speaks with the controller as plugin/PROTOCOL.md says, without a forwarder: for thousands of calls. */
import { connect } from 'node:net';
import { encodeFrame } from '../../src/cni/frame.js';

/** One call. `netns` is a file descriptor of this process, as `openUnnamedNamespace` returns it. */
export interface DirectCall {
  readonly verb: 'ADD' | 'DEL' | 'STATUS';
  readonly id?: string;
  readonly netns?: number;
  readonly network: string;
}

/** What came back; the exit code is that of the plugin. */
export interface DirectAnswer {
  readonly exitCode: number;
  readonly json: object;
}

/** Rejects when nobody answers, or not in the protocol's words. */
export async function callController(socket: string, call: DirectCall): Promise<DirectAnswer> {
  const { verb, id, netns, network } = call;
  const variables = {
    CNI_COMMAND: verb,
    ...(id !== undefined && { CNI_CONTAINERID: id, CNI_IFNAME: 'eth0' }),
    ...(netns !== undefined && { CNI_NETNS: `/proc/${process.pid}/fd/${netns}` }),
    CNI_PATH: '/usr/lib/cni',
  };
  const environment = Object.entries(variables).map(([key, value]) => `${key}=${value}\0`);
  // STATUS came with version 1.1.0.
  const cniVersion = verb === 'STATUS' ? '1.1.0' : '1.0.0';
  const stdin = JSON.stringify({ cniVersion, name: network, type: 'slash32' });
  const answer = await ask(
    socket,
    encodeFrame({ environment: Buffer.from(environment.join('')), stdin: Buffer.from(stdin) }),
  );
  const found = /^SLASH32\/1 (\d+) \d+\n(.*)$/s.exec(answer);
  if (!found) throw new Error(`${verb} got no answer of the protocol: "${answer}"`);
  return { exitCode: Number(found[1]), json: found[2] ? (JSON.parse(found[2]) as object) : {} };
}

/** The same for a call that must succeed; returns its document. */
export async function mustSucceed(socket: string, call: DirectCall): Promise<object> {
  const { exitCode, json } = await callController(socket, call);
  if (exitCode !== 0) throw new Error(`${call.verb} of ${call.id} in ${call.network} failed: ${JSON.stringify(json)}`);
  return json;
}

function ask(socket: string, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(socket)
      .setEncoding('utf8')
      .on('data', (text: string) => (answer += text))
      .on('error', reject)
      .on('close', () => resolve(answer))
      .end(request);
  });
}
