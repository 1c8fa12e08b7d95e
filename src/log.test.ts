import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';

const MODULE = new URL('./log.js', import.meta.url).href;

/** Runs `script` with `openLog` in a process of its own, and gives back what it wrote. */
async function run(script: string, env: Record<string, string> = {}) {
  const code = `const { openLog } = await import('${MODULE}');\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, ...env } });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, lines: stderr.split('\n').slice(0, -1), code: child.exitCode };
}

const JSON_LOG = `const log = openLog({ level: 'debug', format: 'json' });\n`;
const TEXT_LOG = `const log = openLog({ level: 'debug', format: 'text' });\n`;

describe('the log', function () {
  this.timeout(20_000);

  it('is on stderr, and stdout stays empty', async () => {
    const { stdout, lines } = await run(`${JSON_LOG}
      for (const level of ['error', 'warn', 'info', 'debug']) log[level]('m', { event: 'e' });`);
    expect(stdout).to.equal('');
    expect(lines.map((line) => JSON.parse(line).level)).to.deep.equal(['error', 'warn', 'info', 'debug']);
  });

  it('is one JSON object a line, with a stable event name and the fields', async () => {
    const { lines } = await run(
      `${JSON_LOG} log.info('peer tor1 is up\\nnow', { event: 'peer-up', peer: '192.0.2.0', asn: 65000 });`,
    );
    expect(lines).to.have.length(1);
    const { time, ...rest } = JSON.parse(lines[0]!);
    expect(lines[0]).to.match(/^\{"time":"[^"]*","level":"info","event":"peer-up","message":"/);
    expect(new Date(time).toISOString()).to.equal(time);
    expect(rest).to.deep.equal({
      level: 'info',
      event: 'peer-up',
      message: 'peer tor1 is up\nnow',
      peer: '192.0.2.0',
      asn: 65000,
    });
  });

  it('is JSON without being asked when nobody sits at a terminal', async () => {
    const { lines } = await run(`openLog({ level: 'info', format: 'auto' }).info('m', { event: 'e' });`);
    expect(JSON.parse(lines[0]!)).to.include({ message: 'm' });
  });

  it('is text in colour on a terminal, unless NO_COLOR is set', async () => {
    const terminal = `process.stderr.isTTY = true; openLog({ level: 'info', format: 'auto' }).warn('m', { event: 'e', n: 1 });`;
    const coloured = (await run(terminal, { NO_COLOR: '' })).stderr;
    expect(coloured.slice(12)).to.equal(' \x1b[33mwarn \x1b[0m m (e) n=1\n');
    expect((await run(terminal, { NO_COLOR: '1' })).stderr).to.match(/^[\d:.]{12} warn {2}m \(e\) n=1\n$/);
  });

  it('leaves out what is below its level, and says beforehand that it will', async () => {
    const { lines } = await run(`const log = openLog({ level: 'warn', format: 'json' });
      log.info('no', { event: 'e' }); log.debug('no', { event: 'e' });
      log.warn(String([log.writes('error'), log.writes('warn'), log.writes('info')]), { event: 'e' });`);
    expect(lines.map((line) => JSON.parse(line).message)).to.deep.equal(['true,true,false']);
  });

  it('blanks every field that a secret is named by, at any depth, but not the path of its file', async () => {
    const fields = `{ event: 'e', password: 'canary', conf: [{ authPassword: 'canary', auth_password: 'canary', TOKEN: 'canary' }],
      map: new Map([['secret', 'canary']]), passwordFile: '/etc/tor1.key' }`;
    for (const log of [JSON_LOG, TEXT_LOG]) {
      const { stderr } = await run(`${log} log.info('m', ${fields});`);
      expect(stderr).to.include('/etc/tor1.key').and.include('[redacted]').and.not.include('canary');
    }
  });

  it('blanks every known secret wherever it turns up', async () => {
    const { stderr } = await run(`const log = openLog({ level: 'info', format: 'json' }, ['can"ary', '']);
      const cause = new Error('AddPeer failed: conf {"can"ary"}');
      log.error('can"ary in a message', { event: 'e', error: new Error('outer', { cause }), list: ['x can"ary y'] });`);
    expect(stderr).to.not.include('ary"').and.not.include('can');
    expect(JSON.parse(stderr)).to.include({
      message: '[redacted] in a message',
      error: 'outer: AddPeer failed: conf {"[redacted]"}',
    });
  });

  it('tells an error with its causes and without its stack', async () => {
    const { lines } = await run(
      `${JSON_LOG} log.error('m', { event: 'e', error: new Error('a', { cause: new Error('b') }) });`,
    );
    expect(JSON.parse(lines[0]!).error).to.equal('a: b');
  });

  it('writes a line whatever the fields hold', async () => {
    const { lines, code } = await run(`${JSON_LOG} const cycle = {}; cycle.self = cycle;
      const deep = Array.from({ length: 10_000 }).reduce((inner) => [inner], 0);
      log.info('m', { event: 'e', cycle, deep, big: 10n, set: new Set([1]), date: new Date(NaN), bytes: Buffer.alloc(1e6), f() {}, u: undefined, n: null });`);
    expect(code).to.equal(0);
    expect(JSON.parse(lines[0]!)).to.deep.include({
      big: '10',
      set: [1],
      date: 'Invalid Date',
      bytes: '1000000 bytes',
      n: null,
    });
  });

  it('lets no field take the place of its own keys', async () => {
    const { lines } = await run(
      `${JSON_LOG} log.info('m', { event: 'e', message: 'x', level: 'error', time: 'never' });`,
    );
    expect(JSON.parse(lines[0]!))
      .to.include({ message: 'm', level: 'info', event: 'e' })
      .and.not.include({ time: 'never' });
  });

  it('in text lets nobody from outside begin a line or move the cursor', async () => {
    const { lines } = await run(
      `${TEXT_LOG} log.info('a\\nb\\x1b[2J', { event: 'e', id: 'x\\r\\ny', word: 'plain', space: 'a b' });`,
    );
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/ info {2}a\\x0ab\\x1b\[2J \(e\) id="x\\r\\ny" word=plain space="a b"$/);
  });

  it('is complete when the process ends right after it', async () => {
    const { lines } = await run(
      `${JSON_LOG} for (let i = 0; i < 500; i++) log.info('m', { event: 'e', i }); process.exit(3);`,
    );
    expect(lines).to.have.length(500);
  });

  it('that nobody reads any more does not end the controller', async () => {
    const code = `const { openLog } = await import('${MODULE}'); ${JSON_LOG}
      process.stdin.once('data', () => { for (let i = 0; i < 100; i++) log.info('m', { event: 'e' }); setTimeout(() => console.log('alive'), 50); process.stdin.pause(); });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
    child.stderr.destroy();
    child.stdin.end('go');
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect([stdout, child.exitCode]).to.deep.equal(['alive\n', 0]);
  });
});
