import { createInterface } from 'node:readline/promises';
import { TermError } from '@triterm/core/errors';
import type { CommandContext } from './definition.ts';

/** Asks a person; only a yes is one. Throws NOT_A_TERMINAL where there is nobody to ask, and names the option that answers. */
export async function confirm(
  question: string,
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
  option: string,
): Promise<boolean> {
  if (!stdin.isTTY)
    throw new TermError(
      'NOT_A_TERMINAL',
      'This is asked before it is done, and there is no terminal to ask on.',
      {
        hint: `Give ${option} if it is meant.`,
      },
    );
  const asking = createInterface({ input: stdin, output: stderr });
  const gaveUp = new AbortController();
  asking.on('SIGINT', () => gaveUp.abort()).on('close', () => gaveUp.abort());
  try {
    return /^y(es)?$/i.test((await asking.question(question, { signal: gaveUp.signal })).trim());
  } catch {
    stderr.write('\n');
    return false;
  } finally {
    asking.close();
  }
}
