import { sql } from 'kysely';
import type { NewToken, TokenRow } from '../database.ts';
import { toTokenRow } from '../schema/stored-rows.ts';
import type { TokenTable } from '../schema/tables.ts';
import { tokenTaken } from '../write-refusals.ts';
import { type Connection, query } from './connection.ts';

export function createToken(connection: Connection, nowMs: number, token: NewToken): TokenRow {
  const stored: TokenTable = {
    id: token.id,
    user_id: token.userId,
    scope: token.scope,
    session_id: token.sessionId,
    hash: token.hash,
    label: token.label,
    created_at: nowMs,
    expires_at: token.expiresInMs === null ? null : nowMs + token.expiresInMs,
    revoked_at: null,
    last_used_at: null,
  };
  const made = connection.run(
    query
      .insertInto('token')
      .values(stored)
      .onConflict(conflict => conflict.column('id').doNothing()),
  );
  if (made === 0) throw tokenTaken(token);
  return toTokenRow(stored, nowMs);
}

export function findToken(connection: Connection, nowMs: number, id: string): TokenRow | undefined {
  const stored = connection.first(query.selectFrom('token').selectAll().where('id', '=', id));
  return stored === undefined ? undefined : toTokenRow(stored, nowMs);
}

export function listTokens(connection: Connection, nowMs: number, userId: string | undefined): TokenRow[] {
  const all = query.selectFrom('token').selectAll().orderBy('created_at').orderBy('id');
  return connection
    .all(userId === undefined ? all : all.where('user_id', '=', userId))
    .map(stored => toTokenRow(stored, nowMs));
}

export function revokeToken(connection: Connection, nowMs: number, id: string): TokenRow | undefined {
  const stored = connection.first(
    query
      .updateTable('token')
      .set({ revoked_at: sql<number>`coalesce(revoked_at, ${nowMs})` })
      .where('id', '=', id)
      .returningAll(),
  );
  return stored === undefined ? undefined : toTokenRow(stored, nowMs);
}

export function refusedTokens(connection: Connection, nowMs: number, ids: readonly string[]): string[] {
  return ids.filter(id => {
    const token = findToken(connection, nowMs, id);
    return token === undefined || token.revokedAt !== null || token.expired;
  });
}

export function recordTokenUse(connection: Connection, usedAt: ReadonlyMap<string, number>): void {
  for (const [id, at] of usedAt)
    connection.run(
      query
        .updateTable('token')
        .set({ last_used_at: sql<number>`max(coalesce(last_used_at, 0), ${at})` })
        .where('id', '=', id),
    );
}

/** Those that admit nobody since before the time. How many. */
export function collectTokens(connection: Connection, endedBefore: number): number {
  return connection.run(
    query
      .deleteFrom('token')
      .where(e => e.or([e('revoked_at', '<', endedBefore), e('expires_at', '<', endedBefore)])),
  );
}
