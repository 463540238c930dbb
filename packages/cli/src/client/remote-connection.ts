import { open } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { type Exposure, exposureOf } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';
import type { RemoteHost } from './remote-host.ts';

export interface RemoteConnectOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A network may swallow everything, also that the other side is gone: this is noticed within 5 s. */
const WATCH = { pingIntervalMs: 2500, pongTimeoutMs: 2400 };
/** A file with a token or certificates is small. */
const MAX_FILE_CHARACTERS = 1024 * 1024;

/**
 * Opens a connection to a server over the network. Files with token and certificates are read each time: whoever renews them
 * need not attach anew. Throws BAD_CONFIG or UNSAFE_PATH for a file, and what `connectWebSocket` throws.
 */
export async function connectRemote(
  remote: RemoteHost,
  { timeoutMs, signal }: RemoteConnectOptions,
): Promise<Duplex> {
  const [{ connectWebSocket }, bearer, ca] = await Promise.all([
    import('@triterm/core/websocket'),
    remote.token ?? (remote.tokenFile === undefined ? undefined : readToken(remote.tokenFile)),
    remote.caFile === undefined ? undefined : readSetting(remote.caFile, 'public'),
  ]);
  return connectWebSocket({
    url: remote.url,
    bearer,
    timeoutMs,
    ...WATCH,
    unreachable: 'DAEMON_UNREACHABLE',
    hint: 'Check the address and the network on the way there, and that tritermd listens: `listen` in its configuration.',
    ...(ca === undefined ? {} : { ca }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The only word of a file. Throws BAD_CONFIG, and UNSAFE_PATH for a file that others can read. */
export async function readToken(file: string): Promise<string> {
  return checkToken(await readSetting(file, 'secret'), file);
}

/** What cannot stand in a header is no token: most often a file of another kind. Throws BAD_CONFIG, which does not quote it. */
export function checkToken(text: string, source: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw new TermError('BAD_CONFIG', `${source} holds no token.`, {
    hint: 'It is one word, as `triterm token create` prints it.',
  });
}

async function readSetting(file: string, kind: 'secret' | 'public'): Promise<string> {
  const { text, exposure } = await read(file).catch((cause: unknown) => {
    throw new TermError('BAD_CONFIG', `${file} cannot be read: ${errnoName(cause) ?? String(cause)}.`, {
      cause,
      hint: 'Check TRITERM_TOKEN_FILE, TRITERM_CA and the context; `triterm context show` shows it.',
    });
  });
  if (kind === 'secret' && exposure !== undefined)
    throw new TermError('UNSAFE_PATH', `${exposure.reason}.`, { hint: exposure.hint });
  if (text.length <= MAX_FILE_CHARACTERS) return text;
  throw new TermError('BAD_CONFIG', `${file} is too large.`);
}

/** The text, and what speaks against the very file that it was read from. */
async function read(file: string): Promise<{ text: string; exposure: Exposure | undefined }> {
  const handle = await open(file);
  try {
    return { text: await handle.readFile('utf8'), exposure: exposureOf(file, await handle.stat()) };
  } finally {
    await handle.close();
  }
}
