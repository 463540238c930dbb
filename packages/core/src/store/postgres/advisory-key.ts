import { createHash } from 'node:crypto';
import { type Queries, statement } from './statement.ts';

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

const LOCK_UNTIL_END = statement('lock_until_end', 'SELECT pg_advisory_xact_lock($1)');

/**
 * The key of an advisory lock: 64 bits of a hash, as text for BIGINT. Two names may share one: their holders then wait for each
 * other without need.
 */
export function advisoryKey(kind: LockKind, name: string): string {
  return createHash('sha256').update(`triterm:${kind}:${name}`).digest().readBigInt64BE().toString();
}

/** Waits for the lock, and holds it until the end of the transaction. */
export async function lockUntilEnd(within: Queries, kind: LockKind, name: string): Promise<void> {
  await within.read(LOCK_UNTIL_END, [advisoryKey(kind, name)]);
}
