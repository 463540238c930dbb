import { ProcessSignals } from '../attach/process-signals.ts';
import type { CommandContext } from './definition.ts';

const ENDS_LINE = /[\r\n\x04]/;
const INTERRUPT = '\x03';
const ERASES = /^[\x08\x7f]$/;
const ERASES_ALL = '\x15';

/** Asks a person for one line and does not show it. Empty when they gave none; Ctrl-C ends the process as it always does. */
export async function askSecret(
  question: string,
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
): Promise<string> {
  const line = Promise.withResolvers<string>();
  let typed = '';
  const restore = (): void => void stdin.setRawMode(false);
  const interrupt = (signal: NodeJS.Signals): void => {
    restore();
    stderr.write('\n');
    signals.remove();
    ProcessSignals.raise(signal);
  };
  const signals = new ProcessSignals({
    ended: interrupt,
    stopping: async () => restore(),
    continued: () => void stdin.setRawMode(true),
    dying: restore,
  });
  const read = (chunk: Buffer): void => {
    for (const char of chunk.toString('utf8')) {
      if (char === INTERRUPT) interrupt('SIGINT');
      else if (ENDS_LINE.test(char)) line.resolve(typed);
      else if (ERASES.test(char)) typed = typed.slice(0, -1);
      else if (char === ERASES_ALL) typed = '';
      else typed += char;
    }
  };
  const ended = (): void => line.resolve(typed);
  stdin.on('data', read).on('end', ended);
  stdin.setRawMode(true);
  try {
    stderr.write(question);
    return await line.promise;
  } finally {
    stdin.off('data', read).off('end', ended).pause();
    restore();
    signals.remove();
    stderr.write('\n');
  }
}
