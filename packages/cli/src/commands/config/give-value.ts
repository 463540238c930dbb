import { type Config, isSecretValue, mayBeSecret } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { askSecret } from '../ask-secret.ts';
import type { CommandContext } from '../definition.ts';

/** In the place of a value: it is read from standard input. */
export const FROM_INPUT = '-';
const MAX_INPUT_BYTES = 64 * 1024;

/**
 * The text of a value: as it stands on the command line; of `-` standard input without its last line's end; without one,
 * what a person types. A secret may not stand on the command line, which every user of the machine can read. Rejects with USAGE.
 */
export async function giveValue(
  setting: keyof Config,
  text: string | undefined,
  context: Pick<CommandContext, 'stdin' | 'stderr'>,
): Promise<string> {
  const asks = context.stdin.isTTY && mayBeSecret(setting);
  if (text === undefined && !asks)
    throw new TermError('USAGE', `VALUE is missing: what ${setting} is to be.`, {
      hint: 'Give it, or - to read it from standard input; `triterm config unset` goes back to the default.',
    });
  if (text === undefined || text === FROM_INPUT)
    return notEmpty(
      asks ? await askSecret(`${setting}: `, context) : await readInput(context.stdin),
      setting,
    );
  if (isSecretValue(setting, text))
    throw new TermError('USAGE', `The value of ${setting} is a secret, and others can read command lines.`, {
      hint: `Leave it out to be asked for it in a terminal, or give it on standard input: triterm config set ${setting} - < FILE`,
    });
  return text;
}

/** Empty input is more often a command that failed than somebody's wish. */
function notEmpty(text: string, setting: keyof Config): string {
  if (text === '')
    throw new TermError('USAGE', `No value was given for ${setting}.`, {
      hint: `\`triterm config set ${setting} ''\` gives an empty one, \`triterm config unset ${setting}\` goes back to the default.`,
    });
  return text;
}

async function readInput(stdin: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES)
      throw new TermError('USAGE', `Standard input is longer than ${MAX_INPUT_BYTES} bytes.`);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
