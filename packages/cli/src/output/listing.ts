import { plainLine } from '@triterm/core/terminal';
import { elapsedMs, shortDuration } from './duration.ts';
import type { Look, Printer } from './printer.ts';
import { type Column, layoutTable } from './table.ts';

/** A column of a list of things. */
export interface ListColumn<T> extends Column {
  /** For a person. */
  text(item: T, nowMs: number): string;
  /** For a program, where it differs. */
  exact?(item: T): string;
  look?(item: T): Look | undefined;
}

/**
 * A list for whoever reads it: on a terminal a table as wide as that, else a line each without a header, tabs between the
 * fields, nothing cut off.
 */
export function listing<T>(
  columns: readonly ListColumn<T>[],
  items: readonly T[],
  printer: Printer,
  nowMs: number,
): readonly string[] {
  if (!printer.isTerminal)
    return items.map(item =>
      columns.map(column => plainLine(column.exact?.(item) ?? column.text(item, nowMs))).join('\t'),
    );
  const rows = items.map(item => columns.map(column => plainLine(column.text(item, nowMs))));
  return layoutTable(columns, rows, printer.columns, (text, row, column) => {
    if (row < 0) return printer.paint('dim', text);
    const item = items[row];
    const look = item === undefined ? undefined : columns[column]?.look?.(item);
    return look === undefined ? text : printer.paint(look, text);
  }).lines;
}

/** What is known of one thing: name, value, and how the value looks. */
export type Field = readonly [name: string, value: string, look?: Look];

/** Fields for whoever reads them: aligned on a terminal, else a name, a tab, a value. */
export function fieldLines(fields: readonly Field[], printer: Printer): readonly string[] {
  if (!printer.isTerminal) return fields.map(([name, value]) => `${name}\t${plainLine(value)}`);
  const width = Math.max(0, ...fields.map(([name]) => name.length)) + 2;
  return fields.map(([name, value, look]) => {
    const text = plainLine(value);
    return `${printer.paint('dim', name.padEnd(width))}${look === undefined ? text : printer.paint(look, text)}`;
  });
}

/** A moment: for a person how long ago, for a program as it is. */
export function momentText(at: string, printer: Printer, nowMs: number): string {
  return printer.isTerminal ? `${shortDuration(elapsedMs(at, nowMs))} ago (${at})` : at;
}
