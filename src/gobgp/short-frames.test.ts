import { createServer, type ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { expect } from 'chai';
import { callFrames, FrameType, frameOf, framesIn, PREFACE, saysSuccess } from './short-frames.js';

describe('the frames of the short way to gobgpd', () => {
  it('are the same however the bytes are cut', () => {
    const bytes = Buffer.concat([1, 2, 3].map((n) => frameOf(FrameType.data, n, n, Buffer.alloc(n * 7, n))));
    const whole = framesIn(bytes).frames;
    expect(whole.map(({ stream, payload }) => [stream, payload.length])).to.deep.equal([
      [1, 7],
      [2, 14],
      [3, 21],
    ]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { frames, rest } = framesIn(bytes.subarray(0, cut));
      const others = framesIn(Buffer.concat([rest, bytes.subarray(cut)])).frames;
      expect([...frames, ...others]).to.deep.equal(whole);
    }
  });

  it('are read by a strict HTTP/2 server as the call that was meant', async () => {
    const server = createServer();
    try {
      const heard = new Promise<unknown>((resolve) => {
        server.on('stream', (stream: ServerHttp2Stream, headers) => {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () =>
            resolve({
              headers: Object.fromEntries(Object.entries(headers)),
              body: Buffer.concat(chunks).toString('latin1'),
            }),
          );
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const socket = connect(port, '127.0.0.1').end(
        Buffer.concat([PREFACE, callFrames('/a.B/C', 1, Buffer.from('word'))]),
      );
      expect(await heard).to.deep.equal({
        headers: {
          ':method': 'POST',
          ':scheme': 'http',
          ':path': '/a.B/C',
          ':authority': 'localhost',
          'content-type': 'application/grpc',
          te: 'trailers',
        },
        body: '\0\0\0\0\x04word',
      });
      socket.destroy();
    } finally {
      server.close();
    }
  });

  it('say success with a status of 0 in whole trailers only', () => {
    const trailers = (status: string) => Buffer.from(`00889acac8b21234da8f01${status}00889acac8b5254207317f00`, 'hex');
    expect(saysSuccess(5, trailers('30'))).to.equal(true);
    expect(saysSuccess(5, trailers('32'))).to.equal(false);
    expect(saysSuccess(1, trailers('30'))).to.equal(false);
    expect(saysSuccess(5, trailers('30').subarray(0, 11))).to.equal(false);
  });
});
