import { bareHost, isLoopbackHost } from '../domain/index.ts';
import { TermError } from '../errors/index.ts';

const HINT = 'Write wss://HOST:PORT, or ws://127.0.0.1:PORT for a server on this machine.';

/**
 * A server's URL as somebody gave it. Throws USAGE for what is none or carries a user, password, query or fragment, and
 * TLS_REQUIRED for plain text to another machine. The message never holds more of the URL than its host.
 */
export function serverAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || (url.protocol !== 'wss:' && url.protocol !== 'ws:'))
    throw new TermError('USAGE', 'A server is named by a WebSocket URL.', { hint: HINT });
  if (url.username !== '' || url.password !== '')
    throw new TermError('USAGE', `The URL of ${url.host} carries a user or password.`, {
      hint: 'Secrets do not belong into URLs: set TRITERM_TOKEN, or keep the token in a context.',
    });
  if (url.search !== '' || url.hash !== '')
    throw new TermError('USAGE', `The URL of ${url.host} has a query or a fragment.`, { hint: HINT });
  if (url.protocol === 'ws:' && !isLoopbackHost(bareHost(url)))
    throw new TermError('TLS_REQUIRED', `${url.host} is not on this machine, and ws:// is plain text.`);
  return url;
}
