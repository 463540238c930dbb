import { describe, expect, it } from 'vitest';
import { assignment, execLine, quoted, unitFile, unitText } from './unit-text.ts';

describe('text of units', () => {
  it('doubles what would be a specifier', () => {
    expect(unitText('/srv/100%home')).toBe('/srv/100%%home');
  });

  it.each(['/a"b', '/a\\b', '/a\nb', '/a\u007fb', ' /a', '/a '])(
    'refuses %j, which no unit can express',
    path => {
      expect(() => unitText(path)).toThrow(expect.objectContaining({ code: 'SERVICE_FAILED' }));
    },
  );

  it('quotes words with spaces and what begins a comment or a quotation', () => {
    expect(['/a b', "/o'neil", '/a;b', '/a#b', '/plain'].map(quoted)).toEqual([
      '"/a b"',
      '"/o\'neil"',
      '"/a;b"',
      '"/a#b"',
      '/plain',
    ]);
  });

  it('keeps variables from being expanded in arguments, and leaves the program as it is', () => {
    expect(execLine(['/opt/$n/node', '--x', '/home/a $HOME/main.js'])).toBe(
      '/opt/$n/node --x "/home/a $$HOME/main.js"',
    );
  });

  it('leaves `$` alone where variables are assigned', () => {
    expect(assignment('A', '/a $b')).toBe('"A=/a $b"');
  });

  it('writes a list as lines of one name, and comments above', () => {
    const lines = ['why', ['A', ['1', '2']], ['B', '']] as const;
    expect(
      unitFile([
        { name: 'Unit', lines: [] },
        { name: 'Service', lines },
      ]),
    ).toBe('[Unit]\n\n\n[Service]\n# why\nA=1\nA=2\nB=\n');
  });
});
