import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { lastStartError, parseLogLine } from './start-error.ts';

let scratch: ReturnType<typeof scratchDir>;
let log: string;
beforeEach(() => {
  scratch = scratchDir();
  log = `${scratch.path}/log`;
});
afterEach(() => scratch[Symbol.dispose]());

describe('a line of the log', () => {
  it('with an error of the catalogue is that error', () => {
    const line =
      '{"level":"fatal","error":{"code":"DISK_FULL","message":"Full.","hint":"Free some."},"msg":"Full."}';
    expect(parseLogLine(line)).toMatchObject({ code: 'DISK_FULL', message: 'Full.', hint: 'Free some.' });
  });

  it.each([
    ['{"level":"info","msg":"serving"}', 'serving'],
    ['{"level":"fatal","msg":"uncaught exception","error":"boom","stack":"…"}', 'uncaught exception: boom'],
    ['{"error":{"code":7,"message":"x"},"msg":"odd"}', 'odd'],
    ['{"a":1}', '{"a":1}'],
    ['  plain text ', 'plain text'],
    ['null', 'null'],
    ['[1]', '[1]'],
    ['{broken', '{broken'],
  ])('else is its text: %s', (line, said) => expect(parseLogLine(line)).toBe(said));
});

describe('the last error', () => {
  it('is none when nothing was written since', () => {
    expect(lastStartError(log, 0)).toBeUndefined();
    writeFileSync(log, 'earlier\n');
    expect(lastStartError(log, 8)).toBeUndefined();
    appendFileSync(log, '\n \n');
    expect(lastStartError(log, 8)).toBeUndefined();
  });

  it('is the last line since, with or without its end', () => {
    writeFileSync(log, 'earlier\none\ntwo');
    expect(lastStartError(log, 8)).toBe('two');
  });

  it("is found in Node's own report", () => {
    const report = [
      'node:internal/modules/esm/resolve:283',
      '    throw new ERR_MODULE_NOT_FOUND(',
      '          ^',
      '',
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'pino'",
      '    at packageResolve (node:internal/modules/esm/resolve:767:81)',
      "  code: 'ERR_MODULE_NOT_FOUND'",
      '}',
      '',
      'Node.js v24.21.0',
    ];
    writeFileSync(log, report.join('\n'));
    expect(lastStartError(log, 0)).toBe("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'pino'");
  });

  it('is found where the log was rotated meanwhile', () => {
    writeFileSync(log, 'new log\n');
    expect(lastStartError(log, 10_000)).toBe('new log');
  });

  it('is looked for in the end of a large log only', () => {
    writeFileSync(log, `${'x'.repeat(100)}\n`.repeat(10_000));
    appendFileSync(log, 'the end\n');
    expect(lastStartError(log, 0)).toBe('the end');
  });
});
