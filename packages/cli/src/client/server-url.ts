import { isLoopbackUrl } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';

/**
 * A server's address in its one spelling: `wss://HOST:PORT/…`, or `ws://` on the loopback interface. Throws BAD_CONFIG for any other,
 * and for one with a password, a query or a fragment: addresses are logged, tokens are not. `source` says where it stands.
 */
export function parseServerUrl(text: string, source: string): string {
  const refuse = (what: string, hint: string): TermError =>
    new TermError('BAD_CONFIG', `${source}: ${what}`, { hint });
  if (!URL.canParse(text))
    throw refuse(`${JSON.stringify(text)} is no URL.`, 'Give wss://HOST:PORT, or the name of a context.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw refuse(
      'the URL must not hold a user or a password.',
      'Give a token in a file, or in TRITERM_TOKEN.',
    );
  if (url.search !== '' || url.hash !== '')
    throw refuse(
      'the URL must not have a query or a fragment.',
      'Give wss://HOST:PORT, without anything behind it.',
    );
  if (url.protocol === 'wss:' || (url.protocol === 'ws:' && isLoopbackUrl(url.href))) return url.href;
  throw refuse(
    url.protocol === 'ws:'
      ? `${url.host} is not on this machine, and ws:// does not hide what is sent.`
      : `${url.protocol}// is not how a server is reached.`,
    'Give wss://HOST:PORT; ws:// is for 127.0.0.1 and localhost only.',
  );
}
