import type { ConfigProblem } from '@triterm/core/config/load';
import { plainLine } from '@triterm/core/terminal';
import type { CommandContext } from '../definition.ts';

/** A problem on one line, with where it is. */
export function problemText({ source, setting, reason }: ConfigProblem): string {
  return plainLine(`${source}: ${setting === null ? '' : `${setting}: `}${reason}`);
}

/** Tells a person of what does not keep the command from going on. */
export function warn({ stderr }: Pick<CommandContext, 'stderr'>, problems: readonly ConfigProblem[]): void {
  for (const problem of problems) stderr.write(`triterm: ${problemText(problem)}\n`);
}
