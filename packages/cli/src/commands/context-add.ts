import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoName, TermError } from '@triterm/core/errors';
import { changeContexts } from '../client/change-contexts.ts';
import { LOCAL_HOST } from '../client/contexts-file.ts';
import { checkToken, readToken } from '../client/remote-connection.ts';
import { parseServerUrl } from '../client/server-url.ts';
import { askSecret } from './ask-secret.ts';
import { type CommandContext, defineCommand } from './definition.ts';

const NAME = /^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,63}$/;
const MAX_INPUT_BYTES = 64 * 1024;

export const command = defineCommand({
  spec: {
    summary: 'Keep a server by name, with the token for it',
    details:
      'The token is read from --token-file, else from standard input, or asked for without showing it. It is kept with the ' +
      'contexts in a file that only you can read, and never printed.',
    args: [
      { name: 'NAME', description: 'what to call it', required: true },
      { name: 'URL', description: 'wss://HOST:PORT, or ws:// on this machine', required: true },
    ],
    options: {
      tokenFile: { value: 'FILE', description: 'file with the token', complete: 'file' },
      noToken: { description: 'keep none; TRITERM_TOKEN has it when it is needed' },
      ca: { value: 'FILE', description: 'file (PEM) with the authorities to trust', complete: 'file' },
      replace: { description: 'replace the one of this name' },
    },
    hostless: true,
    examples: [
      ['triterm context add prod wss://term.example.org:7443', 'the token is asked for'],
      [
        'triterm context add lab wss://lab:7443 --ca lab-ca.pem --token-file token',
        'with an authority of its own',
      ],
    ],
  },
  async run({ options, args: [name = '', address = ''] }, context) {
    if (!NAME.test(name) || name === LOCAL_HOST)
      throw new TermError('BAD_NAME', `${JSON.stringify(name)} can be no name of a context.`, {
        ...(name === LOCAL_HOST ? { hint: `\`${LOCAL_HOST}\` means this machine.` } : {}),
      });
    if (options.noToken && options.tokenFile !== undefined)
      throw new TermError('USAGE', '--no-token and --token-file exclude each other.');
    const url = parseServerUrl(address, 'URL');
    const caFile = options.ca === undefined ? undefined : resolve(context.cwd(), options.ca);
    if (caFile !== undefined) await checkCa(caFile);
    const token = options.noToken ? undefined : await giveToken(options.tokenFile, name, context);
    await changeContexts(context.paths.contextsFile, ({ current, byName }) => {
      if (byName.has(name) && !options.replace)
        throw new TermError('NAME_TAKEN', `There is a context ${name}.`, {
          hint: 'Choose another name, or give --replace.',
        });
      return { current, byName: new Map([...byName, [name, { url, token, caFile }]]) };
    });
    context.stderr.write(`Kept; \`triterm context use ${name}\` makes it the current one.\n`);
    return 0;
  },
});

async function giveToken(file: string | undefined, name: string, context: CommandContext): Promise<string> {
  if (file !== undefined) return readToken(resolve(context.cwd(), file));
  if (context.stdin.isTTY)
    return checkToken(await askSecret(`Token for ${name}: `, context), 'What was typed');
  let text = '';
  for await (const chunk of context.stdin as AsyncIterable<Buffer>) {
    text += String(chunk);
    if (text.length > MAX_INPUT_BYTES) break;
  }
  if (text.trim() === '')
    throw new TermError('USAGE', 'There is no token on standard input.', {
      hint: 'Write it there, or give --token-file or --no-token.',
    });
  return checkToken(text, 'Standard input');
}

async function checkCa(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(cause => {
    throw new TermError('BAD_CONFIG', `${file} cannot be read: ${errnoName(cause) ?? String(cause)}.`, {
      cause,
      hint: 'Check the path given with --ca.',
    });
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new TermError('BAD_CONFIG', `${file} holds no certificate.`, {
      hint: 'It is a PEM file, with a BEGIN CERTIFICATE line.',
    });
}
