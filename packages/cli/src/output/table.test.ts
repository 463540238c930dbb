import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';
import { type Column, fitColumns, layoutTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { header: 'NAME' },
  { header: 'N', align: 'end', dropRank: 1 },
  { header: 'PATH', minWidth: 4, cut: 'start', dropRank: 2 },
  { header: 'TEXT', minWidth: 4 },
];
const ROWS = [
  ['one', '1', '/a/long/path/to/file', 'some words that go on'],
  ['zwei語', '22', '/x', ''],
];

describe('a table', () => {
  it('has columns as wide as their widest cell, and nothing behind the last', () => {
    expect(layoutTable(COLUMNS, ROWS, undefined).lines).toEqual([
      'NAME     N  PATH                  TEXT',
      'one      1  /a/long/path/to/file  some words that go on',
      'zwei語  22  /x',
    ]);
  });

  it('cuts the widest first, paths at their start', () => {
    expect(layoutTable(COLUMNS, ROWS, 40).lines).toEqual([
      'NAME     N  PATH           TEXT',
      'one      1  …path/to/file  some words t…',
      'zwei語  22  /x',
    ]);
  });

  it('leaves columns out when cutting does not suffice', () => {
    expect(layoutTable(COLUMNS, ROWS, 20).lines).toEqual([
      'NAME     N  TEXT',
      'one      1  some wo…',
      'zwei語  22',
    ]);
    expect(layoutTable(COLUMNS, ROWS, 13).lines[1]).toBe('one     some…');
  });

  it('keeps what cannot be cut however narrow it gets', () => {
    expect(layoutTable(COLUMNS, ROWS, 1).lines).toEqual(['NAME    TEXT', 'one     som…', 'zwei語']);
  });

  it('paints cells after they were cut and padded', () => {
    const { lines } = layoutTable(
      [{ header: 'A' }, { header: 'B' }],
      [['x', 'y']],
      undefined,
      (text, row, column) => (row < 0 ? text : `<${column}:${text}>`),
    );
    expect(lines).toEqual(['A  B', '<0:x>  <1:y>']);
  });

  it('never exceeds its width where its columns may give way', () => {
    const yielding: readonly Column[] = [
      { header: 'A', minWidth: 2 },
      { header: 'BB', minWidth: 2, dropRank: 1 },
      { header: 'C', minWidth: 1, dropRank: 2, cut: 'start' },
    ];
    const cell = fc.string({ maxLength: 30, unit: fc.constantFrom('a', '語', ' ', 'e\u0301', '😀') });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 2, max: 60 }),
        (rows, width) => {
          for (const line of layoutTable(yielding, rows, width).lines)
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});

describe('fitColumns', () => {
  it('leaves everything as it is when it fits', () => {
    expect(fitColumns(COLUMNS, [4, 2, 10, 10], 32)).toEqual([
      { index: 0, width: 4 },
      { index: 1, width: 2 },
      { index: 2, width: 10 },
      { index: 3, width: 10 },
    ]);
  });
});
