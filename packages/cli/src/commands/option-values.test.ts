import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { parseCount, parseLabels, parsePairs, parseSize, parseTimeoutMs } from './option-values.ts';

function code(parse: () => unknown): string {
  try {
    parse();
  } catch (thrown) {
    if (thrown instanceof TermError) return thrown.code;
    throw thrown;
  }
  return 'nothing was thrown';
}

describe('a count', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['2147483647', 2147483647],
  ])('is %s', (text, count) => expect(parseCount('--n', text, 0)).toBe(count));

  it.each(['', '-1', '1.5', '1e3', '0x10', ' 1', '٣', '2147483648', '99999999999999', 'many'])(
    'is not %j',
    text => expect(code(() => parseCount('--n', text, 0))).toBe('USAGE'),
  );

  it('is within its bounds, which the message names', () => {
    expect(parseCount('--n', '5', 1, 5)).toBe(5);
    expect(() => parseCount('--n', '6', 1, 5)).toThrow('--n is a whole number from 1 to 5, not "6".');
    expect(() => parseCount('--n', '0', 1, 5)).toThrow('--n is a whole number');
  });
});

describe('a timeout', () => {
  it.each([
    [undefined, 0],
    ['0', 0],
    ['1', 1000],
    ['1.5', 1500],
    ['0.001', 1],
    ['2147483', 2147483000],
  ])('of %s seconds is %d ms', (text, ms) => expect(parseTimeoutMs(text)).toBe(ms));

  it.each(['', '-1', '1,5', '5s', 'inf', '1.2345', '2147484', '9999999'])('is not %j', text =>
    expect(code(() => parseTimeoutMs(text))).toBe('USAGE'),
  );
});

describe('a size', () => {
  it('is COLSxROWS', () => {
    expect(parseSize('120x40')).toEqual({ cols: 120, rows: 40 });
    expect(parseSize('1x4096')).toEqual({ cols: 1, rows: 4096 });
  });

  it.each(['0x10', '10x0', '-5x5', '100000x100000', '4097x1', '80', '80x', 'x24', '80*24', '80.5x24', ''])(
    'is not %j',
    text => expect(code(() => parseSize(text))).toBe('BAD_SIZE'),
  );
});

describe('labels', () => {
  it('are pairs of a bounded length', () => {
    const [key, value] = ['k'.repeat(64), 'v'.repeat(256)];
    expect(parseLabels([`${key}=${value}`, 'team='])).toEqual({ [key]: value, team: '' });
    expect(code(() => parseLabels([`${key}k=1`]))).toBe('USAGE');
    expect(code(() => parseLabels([`a=${value}v`]))).toBe('USAGE');
  });
});

describe('pairs', () => {
  it('are split at the first equals sign; the last of a key wins', () => {
    expect(parsePairs(['a=1', 'b=', 'c=x=y', 'a=2'], 'BAD_ENV', 'The variable')).toEqual({
      a: '2',
      b: '',
      c: 'x=y',
    });
  });

  it('keep keys that every object has', () => {
    const pairs = parsePairs(['constructor=1', '__proto__=2'], 'USAGE', 'The label');
    expect(Object.entries(pairs)).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ]);
  });

  it.each(['a', '=a', ''])('are not %j', text => {
    expect(code(() => parsePairs([text], 'BAD_ENV', 'The variable'))).toBe('BAD_ENV');
    expect(code(() => parsePairs([text], 'USAGE', 'The label'))).toBe('USAGE');
  });
});
