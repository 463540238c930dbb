import { TermError } from '@triterm/core/errors';
import { problemText } from './config/print-problems.ts';
import type { CommandContext } from './definition.ts';

/** Rejects with BAD_CONFIG and the first problem of a configuration with which no daemon would start. */
export async function requireConfig({ paths, env }: Pick<CommandContext, 'paths' | 'env'>): Promise<void> {
  const { checkConfig } = await import('@triterm/core/config/load');
  const [problem, ...others] = checkConfig(paths, env).problems;
  if (problem === undefined) return;
  const more = others.length === 0 ? '' : ` \`triterm config validate\` tells ${others.length} more.`;
  throw new TermError('BAD_CONFIG', problemText(problem), {
    details: { ...problem },
    hint: `Correct it first: the daemon was left as it is.${more}`,
  });
}
