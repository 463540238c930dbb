import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { DaemonClient } from '../client/daemon-client.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT, type Token } from './definition.ts';
import { encodeKey, encodeKeys, KEY_NAMES } from './key-names.ts';
import { withDaemon } from './with-daemon.ts';

/** One request carries at most so much: the daemon gives a program half a minute to take it. */
const CHUNK_BYTES = 64 * 1024;
/** Longer than the daemon waits, so that it is the daemon that says how much was taken. */
const ANSWER_TIMEOUT_MS = 40_000;

export const command = defineCommand({
  spec: {
    summary: "Type into a session's program",
    details:
      'Standard input goes first, then texts and keys in the order in which they are given, then Enter. Texts that ' +
      'follow each other are joined by a space; a text that begins with a dash stands after --.\n\n' +
      'Keys: Enter Tab BTab Escape Space BSpace Delete Insert Up Down Left Right Home End PageUp PageDown F1 to F12, ' +
      'or a character; each behind any of C- (Ctrl), M- (Alt) and S- (Shift). They send what a terminal sends in its ' +
      'normal modes.',
    args: [SESSION_ARGUMENT, { name: 'TEXT', description: 'what to type', repeat: true }],
    options: {
      enter: { short: 'e', description: 'press Enter at the end' },
      keys: {
        short: 'k',
        value: 'KEYS',
        repeat: true,
        description: 'press keys, such as C-c,Up,Enter',
        complete: KEY_NAMES,
      },
      stdin: { description: 'type what standard input holds' },
      json: { description: 'print {"bytes": how many} as JSON' },
    },
    examples: [
      ["triterm send work --enter 'make test'", 'type a line'],
      ['triterm send work --keys C-c', 'interrupt'],
      ['triterm send work --keys Escape :wq --enter', 'leave vim'],
      ['triterm send work --stdin < script.sql', 'type a file'],
    ],
  },
  async run({ options, args: [target = ''], tokens }, context) {
    const typed = Buffer.from(typedText(tokens) + (options.enter ? encodeKey('Enter') : ''));
    if (typed.length === 0 && !options.stdin)
      throw new TermError('USAGE', 'There is nothing to send.', {
        hint: 'Give TEXT, --keys, --enter or --stdin.',
      });
    const bytes = await withDaemon(context, async client => {
      let sent = 0;
      if (options.stdin)
        for await (const chunk of context.stdin as AsyncIterable<Buffer>)
          sent = await send(client, target, Buffer.from(chunk), sent);
      return send(client, target, typed, sent);
    });
    if (options.json) createPrinter(context.stdout, context.env).json({ bytes });
    return 0;
  },
});

/** Texts and keys behind the session's name, in their order. Throws BAD_KEY. */
export function typedText(tokens: readonly Token[]): string {
  let typed = '';
  let isTarget = true;
  let afterText = false;
  for (const token of tokens) {
    if ('option' in token) {
      if (token.option !== 'keys') continue;
      typed += encodeKeys(token.value);
      afterText = false;
    } else if (isTarget) {
      isTarget = false;
    } else {
      typed += `${afterText ? ' ' : ''}${token.argument}`;
      afterText = true;
    }
  }
  return typed;
}

/** `sent`: how much was sent before. Resolves with how much was sent then. */
async function send(client: DaemonClient, target: string, data: Buffer, sent: number): Promise<number> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) {
    const chunk = data.subarray(at, at + CHUNK_BYTES).toString('base64');
    const params = { target, data: chunk, idempotencyKey: newToken() };
    await client
      .request('session.send', params, { timeoutMs: ANSWER_TIMEOUT_MS })
      .catch(thrown => stopped(thrown, sent + at));
  }
  return sent + data.length;
}

/** Who sends much has to know where to go on. */
function stopped(thrown: unknown, sent: number): never {
  const { code, message, hint, details } = TermError.from(thrown);
  if (sent === 0) throw thrown;
  throw new TermError(code, `${message} ${sent} bytes had been typed before.`, {
    cause: thrown,
    hint,
    details: { ...details, sent },
  });
}
