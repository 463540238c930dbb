import type { NewToken, TokenRow } from '../database.ts';
import { toTokenRow } from '../schema/stored-rows.ts';
import type { TokenTable } from '../schema/tables.ts';
import { tokenTaken } from '../write-refusals.ts';
import { NOW_MS, type Queries, statement } from './statement.ts';

const COLUMNS =
  'id, user_id, scope, session_id, hash, label, created_at, expires_at, revoked_at, last_used_at';
/** With the time at which it was read, against which `expires_at` counts. */
const READ_COLUMNS = `${COLUMNS}, ${NOW_MS} AS now`;

type StoredToken = TokenTable & { readonly now: number };

const CREATE = statement(
  'create_token',
  `INSERT INTO token (${COLUMNS})
  SELECT $1, $2, $3, $4, $5, $6, at, at + $7::bigint, NULL, NULL FROM (SELECT ${NOW_MS} AS at OFFSET 0) AS clock
  ON CONFLICT (id) DO NOTHING RETURNING ${READ_COLUMNS}`,
);

const FIND = statement('find_token', `SELECT ${READ_COLUMNS} FROM token WHERE id = $1`);
const LIST = statement('list_tokens', `SELECT ${READ_COLUMNS} FROM token ORDER BY created_at, id`);
const LIST_OF_USER = statement(
  'list_tokens_of_user',
  `SELECT ${READ_COLUMNS} FROM token WHERE user_id = $1 ORDER BY created_at, id`,
);

const REVOKE = statement(
  'revoke_token',
  `UPDATE token SET revoked_at = coalesce(revoked_at, ${NOW_MS}) WHERE id = $1 RETURNING ${READ_COLUMNS}`,
);

const REFUSED = statement(
  'refused_tokens',
  `SELECT id FROM unnest($1::text[]) AS asked (id) WHERE NOT EXISTS (
    SELECT FROM token
    WHERE token.id = asked.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${NOW_MS})
  )`,
);

/** In the order of ids, so that two servers don't wait for each other's rows. */
const RECORD_USE = statement(
  'record_token_use',
  `WITH told AS (
    SELECT token.id, used.at FROM token
    JOIN unnest($1::text[], $2::bigint[]) AS used (id, at) USING (id)
    ORDER BY token.id FOR UPDATE OF token
  )
  UPDATE token SET last_used_at = greatest(last_used_at, told.at) FROM told WHERE token.id = told.id`,
);

const COLLECT = statement(
  'collect_tokens',
  `WITH gone AS (DELETE FROM token WHERE revoked_at < $1 OR expires_at < $1 RETURNING id)
  SELECT count(*) AS count FROM gone`,
);

export async function createToken(on: Queries, token: NewToken): Promise<TokenRow> {
  const { id, userId, scope, sessionId, hash, label, expiresInMs } = token;
  const values = [id, userId, scope, sessionId, hash, label, expiresInMs];
  const [stored] = await on.write<StoredToken>(CREATE, values);
  if (stored === undefined) throw tokenTaken(token);
  return toRow(stored);
}

export async function findToken(on: Queries, id: string): Promise<TokenRow | undefined> {
  const [stored] = await on.read<StoredToken>(FIND, [id]);
  return stored === undefined ? undefined : toRow(stored);
}

export async function listTokens(on: Queries, userId: string | undefined): Promise<TokenRow[]> {
  const stored =
    userId === undefined
      ? await on.read<StoredToken>(LIST, [])
      : await on.read<StoredToken>(LIST_OF_USER, [userId]);
  return stored.map(toRow);
}

export async function revokeToken(on: Queries, id: string): Promise<TokenRow | undefined> {
  const [stored] = await on.write<StoredToken>(REVOKE, [id]);
  return stored === undefined ? undefined : toRow(stored);
}

export async function refusedTokens(on: Queries, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  return (await on.read<{ id: string }>(REFUSED, [ids])).map(({ id }) => id);
}

export async function recordTokenUse(on: Queries, usedAt: ReadonlyMap<string, number>): Promise<void> {
  if (usedAt.size > 0) await on.write(RECORD_USE, [[...usedAt.keys()], [...usedAt.values()]]);
}

/** Those that admit nobody since before the time. How many. */
export async function collectTokens(on: Queries, endedBefore: number): Promise<number> {
  const [gone] = await on.write<{ count: number }>(COLLECT, [endedBefore]);
  return gone?.count ?? 0;
}

function toRow({ now, ...stored }: StoredToken): TokenRow {
  return toTokenRow(stored, now);
}
