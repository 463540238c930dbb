import { createHash } from 'node:crypto';
import type { RunningLimits } from '../session-store.ts';

/** What advisory locks of ours are for; part of their keys. */
export const LOCK = {
  migration: 'migration',
  user: 'user',
  server: 'server',
  connections: 'connections',
  idempotency: 'idempotency',
  named: 'named',
} as const;

type LockKind = (typeof LOCK)[keyof typeof LOCK];

/**
 * The key of an advisory lock: 64 bits of a hash, as text for BIGINT. Two names may share one: their holders then wait for each
 * other without need.
 */
export function advisoryKey(kind: LockKind, name: string): string {
  return createHash('sha256').update(`triterm:${kind}:${name}`).digest().readBigInt64BE().toString();
}

/** What is held by who adds a running session, so that limits count what the one before has added. */
export function limitKeys(userId: string, server: string, { serverLimit }: RunningLimits): string[] {
  const ofUser = advisoryKey(LOCK.user, userId);
  return serverLimit === undefined ? [ofUser] : [ofUser, advisoryKey(LOCK.server, server)];
}
