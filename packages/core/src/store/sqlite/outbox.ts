import type { OutboxDepth, OutboxEntry, OutboxItem } from '../database.ts';
import { toRecord } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import { type Connection, query } from './connection.ts';
import { readMeta } from './meta.ts';

/** Leaves word of a write, within its transaction. */
export function noteWrite(connection: Connection, id: string, rev: number, nowMs: number): void {
  connection.run(
    query
      .insertInto('cache_outbox')
      .values({ id, rev, at: nowMs })
      .onConflict(conflict => conflict.column('id').doUpdateSet({ rev, at: nowMs })),
  );
}

export function listOutbox(
  connection: Connection,
  nowMs: number,
  minAgeMs: number,
  limit: number,
): OutboxItem[] {
  return connection
    .all(
      query
        .selectFrom('cache_outbox')
        .leftJoin('session', 'session.id', 'cache_outbox.id')
        .selectAll('session')
        .select(['cache_outbox.id as entry_id', 'cache_outbox.rev as entry_rev'])
        // What is dated in the future was written before the clock was set back.
        .where(e => e.or([e('at', '<=', nowMs - minAgeMs), e('at', '>', nowMs)]))
        .orderBy('at')
        .orderBy('cache_outbox.rev')
        .limit(limit),
    )
    .map(({ entry_id, entry_rev, ...session }) => ({
      id: entry_id,
      rev: entry_rev,
      record: isThere(session) ? toRecord(session) : { id: entry_id, rev: entry_rev, deleted: true },
    }));
}

function isThere(
  joined: { readonly [C in keyof SessionTable]: SessionTable[C] | null },
): joined is SessionTable {
  return joined.id !== null;
}

export function clearOutbox(
  connection: Connection,
  entries: readonly OutboxEntry[],
  cacheIdentity: string | undefined,
): boolean {
  if (cacheIdentity !== undefined && readMeta(connection, 'cache_identity') !== cacheIdentity) return false;
  for (const { id, rev } of entries)
    connection.run(query.deleteFrom('cache_outbox').where('id', '=', id).where('rev', '=', rev));
  return true;
}

export function dropOutbox(connection: Connection, nowMs: number, minAgeMs: number): number {
  return connection.run(query.deleteFrom('cache_outbox').where('at', '<=', nowMs - minAgeMs));
}

export function outboxDepth(connection: Connection, nowMs: number): OutboxDepth {
  const found = connection.first(
    query
      .selectFrom('cache_outbox')
      .select(e => [e.fn.countAll<number>().as('entries'), e.fn.min<number | null>('at').as('oldest')]),
  );
  // A clock that was set back makes no negative age.
  const oldestMs = Math.max(0, nowMs - (found?.oldest ?? nowMs));
  return { entries: found?.entries ?? 0, oldestMs };
}
