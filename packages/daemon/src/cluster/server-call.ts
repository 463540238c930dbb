import { readFile } from 'node:fs/promises';
import { fileError } from '@triterm/core/config';
import type { NetworkSettings } from '@triterm/core/config/load';
import { connectWebSocket } from '@triterm/core/websocket';
import { clusterBearer, encodePrincipal, PRINCIPAL_HEADER } from '../server/auth/cluster-credential.ts';
import type { ServerCall, ServerRelayDependencies } from './relay.ts';

export interface ServerCallerOptions {
  readonly serverId: string;
  readonly clusterSecret: string | undefined;
  /** File (PEM) of the authorities to trust for other servers; those of Node.js when undefined. */
  readonly caFile: string | undefined;
}

/** A server that has gone without a word is missed after the two together, at most. */
const PING_INTERVAL_MS = 5000;
const PONG_TIMEOUT_MS = 4000;

/** How this server calls others: by WebSocket, showing what only the fleet's servers know. Undefined where it knows nothing. */
export function serverCaller(options: ServerCallerOptions): ServerRelayDependencies['call'] {
  const { serverId, clusterSecret, caFile } = options;
  if (clusterSecret === undefined) return undefined;
  return async ({ server, url, principal, timeoutMs, signal }: ServerCall) => {
    const ca = caFile === undefined ? {} : { ca: await authorities(caFile) };
    const onBehalfOf = encodePrincipal(principal, serverId);
    return connectWebSocket({
      url,
      bearer: clusterBearer(clusterSecret, { serverId: server, onBehalfOf }, Date.now()),
      headers: { [PRINCIPAL_HEADER]: onBehalfOf },
      ...ca,
      timeoutMs,
      signal,
      pingIntervalMs: PING_INTERVAL_MS,
      pongTimeoutMs: PONG_TIMEOUT_MS,
    });
  };
}

/** Whether any public authority could vouch for another server: most fleets have one of their own. */
export function trustsEverybody(
  { clusterSecret, listen }: Pick<NetworkSettings, 'clusterSecret' | 'listen'>,
  caFile: string | undefined,
): boolean {
  return clusterSecret !== undefined && listen?.tls !== undefined && caFile === undefined;
}

/** Read for each connection, so that it may be replaced; there are few. */
async function authorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw fileError(thrown, `Cannot read ${file} (\`clusterCa\`)`);
  }
}
