import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { parseLine } from './parse-line.ts';
import { command, typedText } from './send.ts';

function typed(...argv: string[]): string {
  const line = parseLine('send', command.spec, argv);
  if (line === 'help') throw new Error('it is help');
  return typedText(line.tokens);
}

describe('what is typed', () => {
  it.each([
    [['work'], ''],
    [['work', 'ls'], 'ls'],
    [['work', 'ls', '-5', ''], 'ls -5 '],
    [['work', 'a b', 'c'], 'a b c'],
    [['work', '--', '-x', '--keys'], '-x --keys'],
    [['work', '--keys', 'C-c'], '\x03'],
    [['--keys', 'C-c', 'work'], '\x03'],
    [['work', '-k', 'Escape', ':wq', '-k', 'Enter'], '\x1b:wq\r'],
    [['work', 'a', '-k', 'Tab', 'b', 'c', '-k', 'x,y'], 'a\tb cxy'],
    [['work', 'a', '--enter', 'b'], 'a b'],
  ])('by %j is %j', (argv, text) => expect(typed(...argv)).toBe(text));

  it('is nothing when one of the keys does not exist', () => {
    expect(() => typed('work', 'a', '-k', 'Up,Nope')).toThrow(TermError);
  });
});
