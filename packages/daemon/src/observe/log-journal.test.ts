import { describe, expect, it } from 'vitest';
import { journalLine } from './log-journal.ts';

describe('a line for the journal', () => {
  it.each([
    ['trace', 7],
    ['debug', 7],
    ['info', 6],
    ['warn', 4],
    ['error', 3],
    ['fatal', 2],
    ['constructor', 4],
  ])('begins with the priority of its level: %s', (level, priority) => {
    expect(journalLine(`${JSON.stringify({ level, time: 'T', msg: 'it is so' })}\n`)).toBe(
      `<${priority}>it is so\n`,
    );
  });

  it('has the fields as JSON behind the message', () => {
    const record = { level: 'info', time: 'T', session: 'main', deep: { n: 1 }, msg: 'resized' };
    expect(journalLine(JSON.stringify(record))).toBe('<6>resized {"session":"main","deep":{"n":1}}\n');
  });

  it('is one line without controls, whatever was logged', () => {
    const record = { level: 'info', msg: 'a\n<0>b\x1b[31m', field: 'c\u009bd\n' };
    expect(journalLine(JSON.stringify(record))).toBe('<6>a <0>b[31m {"field":"cd\\n"}\n');
    expect(journalLine('no record\nat all')).toBe('<4>no record at all\n');
  });

  it('is no longer than journald takes in one piece', () => {
    const line = journalLine(JSON.stringify({ level: 'error', msg: '語'.repeat(60_000) }));
    expect(Buffer.byteLength(line)).toBeLessThan(48 * 1024);
    expect(line).toMatch(/^<3>語+…\n$/);
  });
});
