import { describe, expect, it } from 'vitest';
import { TextSink } from '../testing/test-context.ts';
import { fieldLines, type ListColumn, listing, momentText } from './listing.ts';
import { createPrinter } from './printer.ts';

const printer = (terminal?: { columns: number }, env = {}) =>
  createPrinter(new TextSink(terminal) as unknown as NodeJS.WriteStream, env);
const TERMINAL = { columns: 40 };

interface Item {
  readonly name: string;
  readonly ageMs: number;
}
const COLUMNS: readonly ListColumn<Item>[] = [
  {
    header: 'NAME',
    minWidth: 3,
    text: item => item.name,
    look: item => (item.ageMs > 0 ? 'red' : undefined),
  },
  { header: 'AGE', align: 'end', text: item => `${item.ageMs}ms`, exact: item => String(item.ageMs) },
];
const ITEMS = [
  { name: 'a\tb\u001b[31m', ageMs: 0 },
  { name: 'c', ageMs: 12 },
];

describe('a list', () => {
  it('is a table on a terminal', () => {
    expect(listing(COLUMNS, ITEMS, printer(TERMINAL, { NO_COLOR: '1' }), 0)).toEqual([
      'NAME      AGE',
      'a b[31m   0ms',
      'c        12ms',
    ]);
    expect(listing(COLUMNS, ITEMS, printer(TERMINAL), 0)[2]).toContain('\u001b[31mc');
  });

  it('is tab-separated in a pipe, exact and without a header', () => {
    expect(listing(COLUMNS, ITEMS, printer(), 0)).toEqual(['a b[31m\t0', 'c\t12']);
  });
});

describe('fields', () => {
  it('are aligned on a terminal, and looked at with colours', () => {
    const fields = [
      ['mode', 'off', 'red'],
      ['longer', 'x\ny'],
    ] as const;
    expect(fieldLines(fields, printer(TERMINAL, { NO_COLOR: '1' }))).toEqual(['mode    off', 'longer  x y']);
    expect(fieldLines(fields, printer(TERMINAL))[0]).toBe(
      '\u001b[2mmode    \u001b[22m\u001b[31moff\u001b[39m',
    );
  });

  it('are names and values in a pipe', () => {
    expect(fieldLines([['mode', 'a\tb', 'red']], printer())).toEqual(['mode\ta b']);
    expect(fieldLines([], printer(TERMINAL))).toEqual([]);
  });
});

describe('a moment', () => {
  const at = '2026-01-01T00:00:00.000Z';
  it('is an age for a person and a time for a program', () => {
    const now = Date.parse(at) + 65_000;
    expect(momentText(at, printer(TERMINAL), now)).toBe(`1m ago (${at})`);
    expect(momentText(at, printer(), now)).toBe(at);
  });
});
