import type { Epochs } from '../database.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import type { SessionCache } from '../session-cache.ts';
import type { LiveChannel } from './live-channel.ts';

/** An id that no session can have: every script is tried on it. */
const PROBE_ID = '-probe-';

export interface ResyncDependencies {
  readonly redis: { readonly link: RedisLink; readonly cache: SessionCache };
  readonly channels: readonly LiveChannel[];
  /** Notes which Redis it is, and takes over the epochs that hold then. */
  readonly adoptCache: (identity: string) => Promise<Epochs>;
  readonly announce: () => Promise<void>;
  readonly clearL1: () => void;
  readonly drain: (signal: AbortSignal) => Promise<number>;
  readonly tryLocks: (() => Promise<void>) | undefined;
  readonly republish: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ResyncReport {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly durationMs: number;
  /** Outbox entries that it carried out. */
  readonly drained: number;
  readonly identity: string;
}

/**
 * Brings Redis and this server to agree with the database. The order matters:
 * 1. which Redis is this? Another one than before may hold an older state: then everything in it is declared void;
 * 2. the channels are proven to work, so that no write from here on is missed;
 * 3. memory is emptied: what was missed before may be in it;
 * 4. the outbox, as it is now, is carried out: what Redis missed is in there;
 * 5. our sockets are registered again.
 * Rejects when any of it can't be done, or when the signal aborts.
 */
export async function resync(d: ResyncDependencies, signal: AbortSignal): Promise<ResyncReport> {
  const at = Date.now();
  const startedAtMs = performance.now();
  const { identity, master } = await d.redis.link.identity();
  signal.throwIfAborted();
  if (!master) throw new Error('a replica answers, not the master');
  const epochs = await d.adoptCache(identity);
  signal.throwIfAborted();
  await unlessAborted(Promise.all(d.channels.map(channel => channel.start())), signal);
  await Promise.all(d.channels.map(channel => channel.confirmed(signal)));
  // Always: an attempt that was given up may have raised it and told nobody.
  await d.announce();
  d.clearL1();
  await tryScripts(d.redis.cache, epochs);
  await d.tryLocks?.();
  const drained = await d.drain(signal);
  await d.republish?.(signal);
  signal.throwIfAborted();
  return { at, durationMs: Math.round(performance.now() - startedAtMs), drained, identity };
}

/** A channel whose server is away takes its time. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A right that is missing would show only when a script has done half of its work. */
async function tryScripts(cache: SessionCache, epochs: Epochs): Promise<void> {
  const outcome = await cache.put({ id: PROBE_ID, rev: 1, deleted: true }, epochs);
  if (outcome.kind === 'absent')
    await cache.fill({ id: PROBE_ID, rev: 1, deleted: true }, epochs, outcome.fillToken);
  await cache.get(PROBE_ID, epochs, 0);
  await cache.invalidate(PROBE_ID);
}
