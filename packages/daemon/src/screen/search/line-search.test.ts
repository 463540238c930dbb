import { describe, expect, it } from 'vitest';
import { firstMatch, LineSearch } from './line-search.ts';
import { compilePattern, plainText } from './pattern.ts';

function search(pattern: string, blocks: { first: number; lines: string[] }[], limit = 100) {
  const job = new LineSearch(compilePattern(pattern), limit, blocks);
  for (;;) {
    const result = job.step();
    if (result !== undefined) return result;
  }
}

describe('LineSearch', () => {
  it('finds every match with its line and place, oldest first', () => {
    const result = search('fo+', [
      { first: 7, lines: ['foo bar fooo', 'nothing'] },
      { first: 20, lines: ['\x1b[31mf\x1b[0moo'] },
    ]);
    expect(result).toEqual({
      matches: [
        { line: 7, text: 'foo bar fooo', start: 0, end: 3 },
        { line: 7, text: 'foo bar fooo', start: 8, end: 12 },
        { line: 20, text: 'foo', start: 0, end: 3 },
      ],
      truncated: false,
    });
  });

  it('passes over empty matches', () => {
    expect(search('x*', [{ first: 0, lines: ['axb', ''] }]).matches).toHaveLength(1);
  });

  it('stops at the limit and says so', () => {
    const result = search('a', [{ first: 0, lines: ['aaaa'] }], 3);
    expect(result.matches).toHaveLength(3);
    expect(result.truncated).toBe(true);
  });

  it('stops where a message is full, measured as JSON, and says so', () => {
    const lines = Array.from({ length: 2000 }, () => `${'语'.repeat(1000)}"`);
    const found = search('语"', [{ first: 0, lines }], 10_000);
    expect(found.truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(5 * 1024 * 1024 - 65_536);
    expect(found.matches.length).toBeGreaterThan(1000);
  });

  it('does a large search in slices', () => {
    const lines = Array.from({ length: 400_000 }, (_, at) => `line ${at} of a long log`);
    const job = new LineSearch(compilePattern('399999'), 10, [{ first: 0, lines }]);
    expect(job.step()).toBeUndefined();
    let result = job.step();
    while (result === undefined) result = job.step();
    expect(result.matches.map(match => match.line)).toEqual([399_999]);
  });

  it('interrupts a pattern that explodes', () => {
    const started = performance.now();
    expect(() => search('(a+)+$', [{ first: 0, lines: [`${'a'.repeat(40)}b`] }])).toThrow(
      expect.objectContaining({ code: 'TIMEOUT' }),
    );
    expect(() => firstMatch(compilePattern('(a+)+$'), [`${'a'.repeat(40)}b`])).toThrow(
      expect.objectContaining({ code: 'TIMEOUT' }),
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('refuses what is no pattern', () => {
    for (const pattern of ['(', '[', 'a'.repeat(5000)]) {
      expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: 'BAD_PATTERN' }));
    }
    expect(() => compilePattern('a', 'y')).toThrow(expect.objectContaining({ code: 'BAD_PATTERN' }));
  });
});

describe('plainText', () => {
  it('removes attributes and links', () => {
    expect(plainText('\x1b[1;38:2::1:2:3mbold\x1b[0m \x1b]8;id=1;http://x\x1b\\link\x1b]8;;\x07.')).toBe(
      'bold link.',
    );
  });
});
