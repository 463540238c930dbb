import type { WindowSize } from '@triterm/core/domain';
import type { CommandContext } from './definition.ts';
import { parseSize } from './option-values.ts';

/** What was asked for; else the terminal's, so that a program that starts at once draws for it. Throws BAD_SIZE. */
export function startSize(size: string | undefined, { stdout }: CommandContext): { size?: WindowSize } {
  if (size !== undefined) return { size: parseSize(size) };
  if (!stdout.isTTY || stdout.columns < 1 || stdout.rows < 1) return {};
  return { size: { cols: stdout.columns, rows: stdout.rows } };
}
