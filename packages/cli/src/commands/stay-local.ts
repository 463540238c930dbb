import { TermError } from '@triterm/core/errors';
import { LOCAL_HOST } from '../client/contexts-file.ts';
import type { CommandContext } from './definition.ts';

/**
 * The surroundings of a command that concerns the daemon of this machine and its files. Throws NOT_REMOTELY where a server was named; a
 * context that is merely the current one was not meant, and the person is told so.
 */
export function stayLocal(context: CommandContext, command: string): CommandContext {
  const { remote } = context;
  if (remote?.isExplicit === true)
    throw new TermError(
      'NOT_REMOTELY',
      `\`triterm ${command}\` is about the daemon of this machine and its files, not about ${remote.name}.`,
    );
  if (remote !== undefined)
    context.stderr.write(`triterm: this is about this machine, not about the context ${remote.name}\n`);
  return context.toward(LOCAL_HOST);
}
