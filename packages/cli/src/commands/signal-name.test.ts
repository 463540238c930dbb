import { describe, expect, it } from 'vitest';
import { parseSignal, SIGNAL_NAMES } from './signal-name.ts';

describe('a signal', () => {
  it.each([
    ['TERM', 'SIGTERM'],
    ['SIGTERM', 'SIGTERM'],
    ['sigint', 'SIGINT'],
    ['hup', 'SIGHUP'],
    ['9', 'SIGKILL'],
    ['15', 'SIGTERM'],
  ])('%s is %s', (text, signal) => expect(parseSignal(text)).toBe(signal));

  it.each(['', '0', '999', 'TREM', 'SIG', '-9', ' 9'])('is not %j', text => {
    expect(() => parseSignal(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('has names that mean themselves', () => {
    for (const name of SIGNAL_NAMES) expect(parseSignal(name)).toBe(`SIG${name}`);
  });
});
