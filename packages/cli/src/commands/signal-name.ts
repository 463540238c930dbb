import { constants } from 'node:os';
import { TermError } from '@triterm/core/errors';
import { didYouMean } from './suggest.ts';

/** Without their `SIG`, as `kill -l` lists them. */
export const SIGNAL_NAMES: readonly string[] = Object.keys(constants.signals).map(name => name.slice(3));

/** Reads `TERM`, `SIGTERM`, `term` or `15` as `SIGTERM`. Throws USAGE. */
export function parseSignal(text: string): string {
  const wanted = text.toUpperCase().replace(/^SIG/, '');
  const found = Object.entries(constants.signals).find(
    ([name, number]) => name === `SIG${wanted}` || String(number) === text,
  );
  if (found === undefined)
    throw new TermError(
      'USAGE',
      `There is no signal ${JSON.stringify(text)}.${didYouMean(wanted, SIGNAL_NAMES)}`,
      {
        hint: 'Give a name such as TERM or HUP, or a number; `kill -l` lists them.',
      },
    );
  return found[0];
}
