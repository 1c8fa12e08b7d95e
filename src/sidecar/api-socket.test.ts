import { expect } from 'chai';
import { socketPath } from './api-socket.js';

describe('the API of gobgpd', () => {
  it('is a path in the file system', () => {
    expect(socketPath('unix:///run/slash32/gobgpd.sock')).to.equal('/run/slash32/gobgpd.sock');
  });

  for (const api of ['127.0.0.1:50051', ':50051', 'unix:@abstract', 'unix://relative', 'unix:///a\0b', '']) {
    it(`is refused as ${JSON.stringify(api)}`, () => {
      expect(() => socketPath(api)).to.throw('must be a unix socket');
    });
  }

  it('is refused when the kernel would cut the path', () => {
    expect(() => socketPath(`unix:///${'x'.repeat(107)}`)).to.throw('more than 107 bytes');
  });
});
