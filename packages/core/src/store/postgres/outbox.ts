import type { OutboxDepth, OutboxEntry, OutboxItem } from '../database.ts';
import { toRecord } from '../schema/stored-rows.ts';
import type { SessionTable } from '../schema/tables.ts';
import { COLUMNS } from './session-rows.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

/** What is dated in the future was written before a clock was set back. */
const LIST = statement(
  'list_outbox',
  `SELECT entry.id AS entry_id, entry.rev AS entry_rev, now.*
  FROM (
    SELECT id, rev, at FROM cache_outbox WHERE at <= ${NOW_MS} - $1::bigint OR at > ${NOW_MS} ORDER BY at, rev LIMIT $2
  ) AS entry
  LEFT JOIN (SELECT ${COLUMNS} FROM session) AS now ON now.id = entry.id
  ORDER BY entry.at, entry.rev`,
);

/**
 * An entry that somebody else works on is left to him: two that clear at once never wait for each other. Who notes another cache
 * waits until this is done, or this finds what he has noted. Nobody waits for the disk: an entry that a crash brings back is
 * carried out once more.
 */
const CLEAR = statement(
  'clear_outbox',
  `WITH cache AS (
    SELECT v, set_config('synchronous_commit', 'off', true) FROM meta
    WHERE k = 'cache_identity' AND v = coalesce($3, v) FOR SHARE
  ), cleared AS (
    DELETE FROM cache_outbox WHERE EXISTS (SELECT FROM cache) AND id IN (
      SELECT entry.id FROM cache_outbox AS entry
      JOIN unnest($1::text[], $2::bigint[]) AS done (id, rev) ON entry.id = done.id AND entry.rev = done.rev
      FOR UPDATE OF entry SKIP LOCKED
    )
  )
  SELECT EXISTS (SELECT FROM cache) AS noted`,
);

const DROP = statement(
  'drop_outbox',
  `WITH dropped AS (
    DELETE FROM cache_outbox WHERE id IN (
      SELECT id FROM cache_outbox WHERE at <= ${NOW_MS} - $1::bigint FOR UPDATE SKIP LOCKED
    ) RETURNING id
  ) SELECT count(*) AS count FROM dropped`,
);

/** A clock that was set back makes no negative age. */
const DEPTH = statement(
  'outbox_depth',
  `SELECT count(*) AS entries, greatest(0, ${NOW_MS} - min(at)) AS oldest FROM cache_outbox`,
);

type Listed = { readonly entry_id: string; readonly entry_rev: number } & (
  | SessionTable
  | { readonly id: null }
);

export async function listOutbox(on: Queries, minAgeMs: number, limit: number): Promise<OutboxItem[]> {
  const listed = await on.read<Listed>(LIST, [minAgeMs, limit]);
  return listed.map(found => {
    const entry = { id: found.entry_id, rev: found.entry_rev };
    return { ...entry, record: found.id === null ? { ...entry, deleted: true } : toRecord(found) };
  });
}

export async function clearOutbox(
  on: Queries,
  entries: readonly OutboxEntry[],
  cacheIdentity: string | undefined,
): Promise<boolean> {
  const ids = entries.map(({ id }) => id);
  const revs = entries.map(({ rev }) => rev);
  const [cleared] = await on.write<{ noted: boolean }>(CLEAR, [ids, revs, cacheIdentity ?? null]);
  return cleared?.noted ?? false;
}

export async function dropOutbox(on: Queries, minAgeMs: number): Promise<number> {
  const [dropped] = await on.write<{ count: number }>(DROP, [minAgeMs]);
  return dropped?.count ?? 0;
}

export async function outboxDepth(on: Queries): Promise<OutboxDepth> {
  const [depth] = await on.read<{ entries: number; oldest: number | null }>(DEPTH, []);
  return { entries: depth?.entries ?? 0, oldestMs: depth?.oldest ?? 0 };
}
