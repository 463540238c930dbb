import { Socket } from 'node:net';
import pg from 'pg';
import { before } from './deadline.ts';
import { connectError, storeError } from './postgres-error.ts';
import { clientConfig, type Endpoint, endpointOf, type PostgresTarget } from './settings.ts';

/** For the server to end a connection; one that owes an answer is cut. */
const GOOD_BYE_MS = 500;

export interface ClientOptions {
  /** Of connecting. */
  readonly connectDeadlineMs: number;
  /** Cuts the connection. */
  readonly signal?: AbortSignal;
}

/**
 * Connects, gives the connection to the work, and ends it. Rejects with STORE_UNAVAILABLE or STORE_REFUSED when it can't
 * connect, else with what the work rejects with.
 */
export async function withClient<T>(
  target: PostgresTarget,
  { connectDeadlineMs, signal }: ClientOptions,
  work: (client: pg.ClientBase, endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(target);
  const socket = new Socket();
  const client = new pg.Client({ ...clientConfig(target), stream: () => socket });
  client.on('error', () => {});
  const cut = () => socket.destroy();
  signal?.addEventListener('abort', cut);
  try {
    try {
      await before(connectDeadlineMs, client.connect());
    } catch (thrown) {
      throw connectError(thrown, endpoint);
    }
    return await work(client, endpoint);
  } finally {
    signal?.removeEventListener('abort', cut);
    await before(performance.now() + GOOD_BYE_MS, client.end()).catch(() => {});
    socket.destroy();
  }
}

/** The outcome until the deadline; rejects with TermErrors. Nothing of what is asked is a write that may be unknown. */
export async function asked<T>(endpoint: Endpoint, deadlineMs: number, work: Promise<T>): Promise<T> {
  try {
    return await before(deadlineMs, work);
  } catch (thrown) {
    throw storeError(thrown, { endpoint, committing: false });
  }
}
