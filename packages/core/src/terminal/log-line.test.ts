import { describe, expect, it } from 'vitest';
import { formatLogLine } from './log-line.ts';
import { type Paint, painter } from './looks.ts';

describe('a line for a person', () => {
  const plain = painter(false);

  it('begins with time, level and message', () => {
    const line =
      '{"level":"info","time":"2026-01-01T00:00:00.000Z","pid":7,"name":"a b","list":[1],"msg":"serving"}';
    expect(formatLogLine(line, plain)).toBe(
      '2026-01-01T00:00:00.000Z info  serving pid=7 name="a b" list=[1]',
    );
  });

  it('is painted by its level', () => {
    const marked: Paint = (look, text) => `<${look} ${text}>`;
    expect(formatLogLine('{"level":"error","msg":"no"}', marked)).toBe('<dim -> <red error> no');
    expect(formatLogLine('{"level":"constructor","msg":"no"}', marked)).toBe('<dim -> <dim constructor> no');
  });

  it.each(['plain text', '{broken', '7', '[1]', 'null'])('stays as it is where it is no record: %s', line => {
    expect(formatLogLine(line, plain)).toBe(line);
  });

  it('steers no terminal', () => {
    const record = { level: 'in\x1bfo', msg: 'a\x1b[2J', 'k\x07': '\x9b1m' };
    for (const line of [JSON.stringify(record), 'x\x1b]0;t\x07'])
      expect(formatLogLine(line, plain)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });
});
