import { plainLine } from '@triterm/core/terminal';
import type { Printer } from '../output/printer.ts';

/** What a person is to know of a list beside its entries: that there are more, and what could not be learned. */
export function moreLines(
  { truncated = false, troubles }: { readonly truncated?: boolean; readonly troubles: readonly string[] },
  printer: Printer,
): readonly string[] {
  if (!printer.isTerminal) return [];
  return [
    ...(truncated ? [printer.paint('dim', '… and more')] : []),
    ...troubles.map(trouble => printer.paint('red', plainLine(trouble))),
  ];
}
