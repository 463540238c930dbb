import { createHash } from 'node:crypto';

/** What advisory locks of ours are for; part of their keys. */
export const LOCK = {
  migration: 'migration',
  user: 'user',
  server: 'server',
  connections: 'connections',
  idempotency: 'idempotency',
  named: 'named',
} as const;

/**
 * The key of an advisory lock: 64 bits of a hash, as text for BIGINT. Two names may share one: their holders then wait for each
 * other without need.
 */
export function advisoryKey(kind: (typeof LOCK)[keyof typeof LOCK], name: string): string {
  return createHash('sha256').update(`triterm:${kind}:${name}`).digest().readBigInt64BE().toString();
}
