import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TermError } from '@triterm/core/errors';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog, type Log } from './log.ts';
import { redact, redactText } from './redact.ts';

const LIMITS = { maxBytes: 1024 * 1024, files: 3 };

describe('the log', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-log-'));
    file = join(dir, 'd.log');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function logged(write: (log: Log) => void, level: 'trace' | 'info' = 'info'): Record<string, unknown>[] {
    write(createLog({ level, file, limits: LIMITS }));
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
  }

  it('writes a line of JSON with level, time, fields and message', () => {
    const [line] = logged(log => log.info({ session: 'main', cols: 80 }, 'resized'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      session: 'main',
      cols: 80,
      msg: 'resized',
    });
  });

  it('leaves out what is below its level', () => {
    const all = (log: Log) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
        log[level]({}, level);
    };
    expect(logged(all).map(line => line.msg)).toEqual(['info', 'warn', 'error', 'fatal']);
    rmSync(file);
    expect(logged(all, 'trace')).toHaveLength(6);
  });

  it('follows a change of its level, and of how much is kept', () => {
    const log = createLog({ level: 'info', file, limits: { maxBytes: 1000, files: 2 } });
    log.debug({}, 'not yet');
    log.setLevel('debug');
    log.debug({}, 'now');
    expect(log.level).toBe('debug');
    log.setLevel('error');
    log.warn({}, 'not any more');
    log.setLimits({ maxBytes: 100, files: 1 });
    log.error({}, 'x'.repeat(60));
    expect(readdirSync(dir)).toEqual(['d.log']);
    expect(readFileSync(file, 'utf8')).not.toMatch(/not yet|now|not any more/);
  });

  it('tells stderr what it tells its file, secrets hidden', () => {
    const told: string[] = [];
    const log = createLog({
      level: 'info',
      file,
      limits: LIMITS,
      stderr: { write: line => told.push(line) },
    });
    log.debug({}, 'too much');
    log.info({ password: 'hunter2' }, 'cannot reach redis://:hunter2@host');
    expect(told.join('')).toBe(readFileSync(file, 'utf8'));
    expect(told).toHaveLength(1);
    expect(told[0]).not.toContain('hunter2');
  });

  it('holds no secret, no environment and nothing that was typed or printed', () => {
    const token = 'hunter2-hunter2';
    logged(log => {
      log.info({ password: token, PGPASSWORD: token, apiKey: token, api_key: token, authToken: token }, 'a');
      log.info({ env: { HOME: token }, environment: { X: token }, extraEnvironment: { X: token } }, 'b');
      log.info({ data: token, input: token, output: token, bytes: Buffer.from(token) }, 'c');
      log.info({ deep: { list: [{ secret: token, cookie: token, authorization: token }] } }, 'd');
      log.info({ url: `redis://me:${token}@host:6379/0` }, `cannot reach postgres://me:${token}@host/db`);
      log.error({ err: new Error(`connect rediss://me:${token}@host`) }, 'e');
      const cause = new Error(`postgres://me:${token}@host`);
      log.error({ error: new TermError('STORE_UNAVAILABLE', 'x', { cause, details: { token } }) }, 'f');
    });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(token);
    expect(text).toContain('redis://[hidden]@host:6379/0');
    expect(text).toContain('postgres://[hidden]@host/db');
  });

  it('shows errors with name, code, stack and cause', () => {
    const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const [line] = logged(log => log.error({ error: new TermError('DISK_FULL', 'm', { cause }) }, 'x'));
    expect(line?.error).toMatchObject({
      name: 'TermError',
      code: 'DISK_FULL',
      message: 'm',
      stack: expect.stringContaining('log.test'),
      cause: { name: 'Error', code: 'ENOSPC', message: 'no space' },
    });
  });

  it('never throws: not for cycles, getters that throw, BigInts or a file that cannot be written', () => {
    const cyclic: Record<string, unknown> = { name: 'x' };
    cyclic.self = cyclic;
    const trap = {
      get it() {
        throw new Error('gotcha');
      },
    };
    const lines = logged(log => {
      log.info(cyclic, 'cyclic');
      log.info(trap, 'trap');
      log.info({ n: 1n, f: () => 1, s: Symbol('s'), u: undefined }, 'odd');
    });
    expect(lines.map(line => line.msg)).toEqual(['cyclic', 'odd']);
    rmSync(file);
    mkdirSync(file);
    expect(() => createLog({ level: 'info', file, limits: LIMITS }).error({}, 'lost')).not.toThrow();
  });
});

describe('what may stand in the log', () => {
  it('is bounded in depth, width and length', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 100; i += 1) deep = { deep };
    expect(JSON.stringify(redact(deep))).toContain('[deeper]');
    const wide = redact(Array.from({ length: 1000 }, (_, i) => i)) as unknown[];
    expect(wide).toHaveLength(50);
    expect(
      Object.keys(redact(Object.fromEntries(wide.concat(wide).map((_, i) => [i, i]))) as object),
    ).toHaveLength(50);
    expect(redactText('x'.repeat(10_000))).toHaveLength(4097);
    expect(redact(Buffer.alloc(10))).toBe('[10 bytes]');
  });

  it('is looked through in no time, however long it is', () => {
    const startedAtMs = performance.now();
    for (const word of ['a-', 'redis://', 'h://', 'a'])
      expect(redactText(word.repeat(100_000)).length).toBeLessThan(5000);
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect(redactText(`${'x'.repeat(100)}https://u:hunter2@h`)).not.toContain('hunter2');
    expect(redactText(`${'x '.repeat(2000)}redis://u:${'hunter2'.repeat(1000)}@h`)).not.toContain('hunter2');
  });

  it('keeps what is no secret', () => {
    const fields = {
      session: 'main',
      pid: 7,
      ok: true,
      none: null,
      when: new Date(0),
      path: '/home/me',
      key: 'C-a',
    };
    expect(redact(fields)).toEqual(fields);
    expect(redactText('http://host/path?x=@y and me@example.org')).toBe(
      'http://host/path?x=@y and me@example.org',
    );
  });

  it.each([
    ['redis://:a/hunter2@b@host:6379/0', 'redis://[hidden]@host:6379/0'],
    [
      'cannot reach "postgresql://me:hunter2#@h/db", giving up',
      'cannot reach "postgresql://[hidden]@h/db", giving up',
    ],
    ['postgres:///db?password=hunter2&host=/run', 'postgres:///db?password=[hidden]&host=/run'],
    ['REDIS_PASSWORD=hunter2 PORT=1', 'REDIS_PASSWORD=[hidden] PORT=1'],
    ['https://me:hunter2@host/p', 'https://[hidden]@host/p'],
    [`"Bearer trt_0123abcd_${'hunter2_-'.repeat(5)}"`, '"Bearer trt_0123abcd_[hidden]"'],
    [`sent trs_${'hunter2-_'.repeat(5)}.`, 'sent trs_[hidden].'],
  ])('holds no password, however it is written: %s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  it('can always be printed', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), value => {
        JSON.stringify({ value: redact(value) });
      }),
    );
  });
});
