import { plainLine } from '@triterm/core/terminal';
import type { Printer } from '../output/printer.ts';

interface Incomplete {
  readonly truncated?: boolean;
  readonly troubles: readonly string[];
}

/** What a person is to know of a list beside its entries: that there are more, and what could not be learned. */
export function moreLines({ truncated = false, troubles }: Incomplete, printer: Printer): readonly string[] {
  if (!printer.isTerminal) return [];
  return [
    ...(truncated ? [printer.paint('dim', '… and more')] : []),
    ...troubles.map(trouble => printer.paint('red', plainLine(trouble))),
  ];
}

/** The same for stderr, where a pipe gets the entries. */
export function remarks({ truncated = false, troubles }: Incomplete): readonly string[] {
  return [...(truncated ? ['there are more than are listed'] : []), ...troubles.map(plainLine)];
}
