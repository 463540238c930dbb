import { TermError } from '@triterm/core/errors';
import type { CommandContext } from './definition.ts';

/**
 * For commands that make a session and attach to it, unless -d is given: before anything is made. Throws NOT_A_TERMINAL, or USAGE for
 * what goes with -d only.
 */
export function requireTerminalUnless(
  { detach, json }: { readonly detach: boolean; readonly json: boolean },
  { stdin, stdout }: CommandContext,
): void {
  if (json && !detach) throw new TermError('USAGE', '--json goes with -d.');
  if (!detach && !(stdin.isTTY && stdout.isTTY))
    throw new TermError('NOT_A_TERMINAL', 'Attaching needs a terminal.');
}
