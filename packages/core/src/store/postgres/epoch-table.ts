import { randomBytes } from 'node:crypto';
import { TermError } from '../../errors/index.ts';
import type { Epochs } from '../database.ts';
import { type Queries, statement } from './statement.ts';

const READ = statement(
  'epochs',
  `SELECT
    (SELECT v FROM meta WHERE k = 'db_epoch') AS db,
    (SELECT v::bigint FROM meta WHERE k = 'cache_epoch') AS cache`,
);

const BUMP = statement(
  'bump_cache_epoch',
  "UPDATE meta SET v = (v::bigint + 1)::text WHERE k = 'cache_epoch' AND v = $1",
);

/** The first cache that is noted voids nothing: there was none before. */
const ADOPT = statement(
  'adopt_cache',
  `WITH before AS (SELECT v FROM meta WHERE k = 'cache_identity' FOR UPDATE), noted AS (
    UPDATE meta SET v = $1 FROM before WHERE k = 'cache_identity' AND before.v <> $1 RETURNING before.v AS earlier
  )
  UPDATE meta SET v = (v::bigint + 1)::text
  WHERE k = 'cache_epoch' AND EXISTS (SELECT FROM noted WHERE earlier <> '')`,
);

/** One of many servers that see another system finds it noted differently; the others find it noted. */
const NOTE_SYSTEM = statement(
  'note_system',
  `WITH another AS (
    UPDATE meta SET v = $1 WHERE k = 'system' AND v <> $1 RETURNING k
  ), first AS (
    INSERT INTO meta (k, v) VALUES ('system', $1) ON CONFLICT (k) DO NOTHING
  )
  UPDATE meta SET v = CASE k WHEN 'db_epoch' THEN $2 ELSE (v::bigint + 1)::text END
  WHERE k IN ('db_epoch', 'cache_epoch') AND EXISTS (SELECT FROM another)`,
);

const BEGIN_DB_EPOCH = statement(
  'begin_db_epoch',
  `UPDATE meta SET v = CASE k WHEN 'db_epoch' THEN $1 ELSE (v::bigint + 1)::text END
  WHERE k IN ('db_epoch', 'cache_epoch')`,
);

export async function epochs(on: Queries): Promise<Epochs> {
  const [found] = await on.read<{ db: string | null; cache: number | null }>(READ, []);
  const { db = null, cache = null } = found ?? {};
  if (db === null || cache === null) throw new TermError('INTERNAL', 'The database has no epochs.');
  return { db, cache };
}

/** Read after the change, by a statement of its own: one that waited for another server sees the state from before. */
export async function bumpCacheEpoch(on: Queries, seen: number): Promise<Epochs> {
  await on.write(BUMP, [String(seen)]);
  return epochs(on);
}

export async function adoptCache(on: Queries, identity: string): Promise<Epochs> {
  await on.write(ADOPT, [identity]);
  return epochs(on);
}

/** Notes which system the data lies on: a restored copy, or a replica that was promoted, may have lost what caches know. */
export async function noteSystem(on: Queries, system: string): Promise<void> {
  await on.write(NOTE_SYSTEM, [system, newEpoch()]);
}

/** Other data than caches know: nothing of theirs is good any more. */
export async function beginDbEpoch(on: Queries): Promise<Epochs> {
  await on.write(BEGIN_DB_EPOCH, [newEpoch()]);
  return epochs(on);
}

function newEpoch(): string {
  return randomBytes(16).toString('hex');
}
