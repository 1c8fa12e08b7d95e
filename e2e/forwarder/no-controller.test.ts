import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { answer, listenAt, say } from './fake-controller.js';
import { execute, MOMENT, Place, printed } from './run-forwarder.js';

describe('without a controller', function () {
  this.timeout(90_000);
  for (const [command, code] of [
    ['ADD', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ] as const) {
    it(`V8: ${command} ends with code ${code}, names the socket and the remedy, and leaves nothing behind`, async () => {
      using place = new Place();
      const refusal = await execute(place.verb(command), '{"cniVersion":"1.1.0","secret":"canary"}');
      expect(refusal.exitCode).to.equal(1);
      expect(printed(refusal)).to.include({ code, cniVersion: '1.1.0' });
      expect(printed(refusal).msg).to.contain(place.socket);
      expect(printed(refusal).details).to.contain('slash32 status');
      expect(refusal.stdout).not.to.contain('canary');
      expect(() => rmSync(place.run)).to.throw('ENOENT');
    });
  }

  it('A6: ADD waits for its budget, and not longer', async () => {
    using place = new Place();
    const refusal = await execute(place.verb('ADD', { SLASH32_CONNECT_MS: '350' }));
    expect(printed(refusal).code).to.equal(11);
    expect(refusal.milliseconds).to.be.within(340, MOMENT);
  });

  it('A6: ADD is served by a controller that comes while it waits', async () => {
    using place = new Place();
    const added = execute(place.verb('ADD', { SLASH32_CONNECT_MS: '10000' }));
    await using _ = await listenAt(place.socket, say(answer('{"ips":[]}')));
    expect(await added).to.include({ exitCode: 0, stdout: '{"ips":[]}' });
  });

  it('STATUS and DEL do not wait for one', async () => {
    using place = new Place();
    for (const command of ['STATUS', 'DEL']) {
      const outcome = await execute(place.verb(command, { SLASH32_CONNECT_MS: '10000' }));
      expect(outcome.milliseconds).to.be.below(MOMENT);
    }
  });

  it('B18: the socket of a killed controller, or a plain file in its place, is no controller', async () => {
    using place = new Place();
    mkdirSync(place.run);
    await leaveStaleSocket(place.socket);
    expect(printed(await execute(place.verb('STATUS'))).code).to.equal(50);
    rmSync(place.socket);
    writeFileSync(place.socket, '');
    expect(printed(await execute(place.verb('STATUS'))).code).to.equal(50);
  });

  it('an override that is no number from 0 to 600000 is ignored', async () => {
    using place = new Place();
    await using _ = await listenAt(place.socket, say(answer('{"ips":[]}')));
    for (const value of ['', '-1', '600001', '1e3', '99999999999999999999', ' 1']) {
      const outcome = await execute(place.verb('ADD', { SLASH32_ANSWER_MS: value, SLASH32_STDIN_MS: value }));
      expect(outcome.exitCode, value).to.equal(0);
    }
    const late = await execute(place.verb('ADD', { SLASH32_ANSWER_MS: '0' }));
    expect(printed(late).code).to.equal(11);
  });
});

/** Bound and listening once, as after kill -9: the name stays, nobody accepts. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.bound`, resolve));
  linkSync(`${path}.bound`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
