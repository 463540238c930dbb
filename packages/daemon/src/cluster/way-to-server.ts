import { isLoopbackUrl } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { KnownServer } from './cluster.ts';

/** There is no way to a server, for a reason that everybody may hear: it names what to set, and no address. */
export class NoWay extends TermError {
  constructor(reason: string) {
    super('SERVER_UNREACHABLE', reason);
  }
}

/**
 * Where a server is called. What goes there is a credential of the fleet, and what people type. A loopback address leads to its server
 * on that server's own host only, and without TLS to whoever has the port: so no longer than the server is known to live. Throws NoWay.
 */
export function urlOf(server: KnownServer | undefined, ownHostId: string): string {
  if (server === undefined) throw new NoWay('no server of this name is known');
  const { advertiseUrl, hostId, alive } = server;
  if (advertiseUrl === null) throw new NoWay('it tells no address (see `advertiseUrl`, `listen`)');
  const isLoopback = isLoopbackUrl(advertiseUrl);
  if (isLoopback && hostId !== ownHostId)
    throw new NoWay('its address is good on its own host only (set `advertiseUrl` there to wss://HOST:PORT)');
  if (advertiseUrl.startsWith('wss://')) return advertiseUrl;
  if (!isLoopback || !advertiseUrl.startsWith('ws://'))
    throw new NoWay('its address is none with TLS (set `advertiseUrl` there to wss://HOST:PORT)');
  if (!alive)
    throw new NoWay('its lease has lapsed, and without TLS nobody knows who has its port (see `listen`)');
  return advertiseUrl;
}
