import type { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { parseLine } from './parse-line.ts';
import { command, waitCondition } from './wait.ts';

function condition(...argv: string[]): unknown {
  const line = parseLine('wait', command.spec, ['work', ...argv]);
  if (line === 'help') throw new Error('it is help');
  return waitCondition(line.options as unknown as Parameters<typeof waitCondition>[0]);
}

describe('a condition to wait for', () => {
  it.each([
    [['--exit'], { kind: 'exit' }],
    [['--command'], { kind: 'command' }],
    [['--text', 'a|b'], { kind: 'text', pattern: 'a|b' }],
    [['--text=--exit'], { kind: 'text', pattern: '--exit' }],
    [['--idle', '500'], { kind: 'idle', idleMs: 500 }],
  ])('is %j', (argv, expected) => expect(condition(...argv)).toEqual(expected));

  it.each([
    [[]],
    [['--exit', '--command']],
    [['--text', 'x', '--idle', '5']],
    [['--idle', '0']],
    [['--idle', 'soon']],
    [['--text', '']],
  ])('is one of them and no other: %j', argv => {
    expect(() => condition(...argv)).toThrow(expect.objectContaining({ exitCode: 2 }) as TermError);
  });
});
