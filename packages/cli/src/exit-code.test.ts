import { type ErrorCode, TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { programStatus, reportError } from './exit-code.ts';
import { TextSink } from './testing/test-context.ts';

describe("a program's status", () => {
  it.each([
    [{ exitCode: 0, signal: null }, 0],
    [{ exitCode: 7, signal: null }, 7],
    [{ exitCode: null, signal: 'SIGKILL' }, 137],
    [{ exitCode: null, signal: 'SIGTERM' }, 143],
    [{ exitCode: null, signal: 'SIGINT' }, 130],
    [{ exitCode: null, signal: 'SIGRTMIN+1' }, 128],
    [{ exitCode: null, signal: null }, undefined],
  ])('of %j is %s', (ended, status) => expect(programStatus(ended)).toBe(status));
});

describe('an error', () => {
  it.each<[ErrorCode, number]>([
    ['USAGE', 2],
    ['SESSION_NOT_FOUND', 3],
    ['NAME_TAKEN', 4],
    ['PERMISSION_DENIED', 5],
    ['DAEMON_UNREACHABLE', 6],
    ['TOO_MANY_SESSIONS', 7],
    ['PROTOCOL_MISMATCH', 8],
    ['DISK_FULL', 9],
    ['INTERNAL', 70],
    ['TIMEOUT', 124],
  ])('%s leaves with %d', (code, status) => {
    expect(reportError(new TermError(code, 'No.'), new TextSink(), false)).toBe(status);
  });

  it('is told to a person with its next step', () => {
    const stderr = new TextSink();
    reportError(
      new TermError('NAME_TAKEN', 'There is a session work.', { hint: 'Take another.' }),
      stderr,
      false,
    );
    expect(stderr.text).toBe('triterm: There is a session work.\nTake another.\n');
  });

  it('is one line of JSON for a script', () => {
    const stderr = new TextSink();
    reportError(new TermError('TIMEOUT', 'Too late.', { details: { ms: 5 } }), stderr, true);
    expect(stderr.text.endsWith('}\n')).toBe(true);
    expect(JSON.parse(stderr.text)).toEqual({
      error: {
        code: 'TIMEOUT',
        message: 'Too late.',
        hint: 'Try again; where the command has --timeout, raise it.',
        details: { ms: 5 },
      },
    });
  });

  it('of a kind that nobody foresaw is INTERNAL', () => {
    const stderr = new TextSink();
    expect(reportError(new Error('boom'), stderr, false)).toBe(70);
    expect(stderr.text).toMatch(/^triterm: boom\n.*`triterm doctor`/);
  });

  it('steers no terminal, whatever name it quotes', () => {
    const stderr = new TextSink();
    reportError(new TermError('SESSION_NOT_FOUND', 'No "\x1b]0;x\x07\x9b1m\r".'), stderr, false);
    expect(stderr.text).toContain('No "\\x1b]0;x\\x07\\x9b1m\\x0d".');
  });
});
