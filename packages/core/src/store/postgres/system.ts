import pg from 'pg';
import { notPrimary } from './postgres-error.ts';
import type { Endpoint } from './settings.ts';

/** Where a connection has led. */
export interface SystemState {
  /** Of the data directory and its history; undefined where that can't be learned. Compared for equality only. */
  readonly system: string | undefined;
}

const ROLE = `SELECT pg_is_in_recovery() AS replica, current_setting('transaction_read_only') = 'on' AS read_only`;

/**
 * The identifier that initdb gave; the timeline, of which each promotion and point-in-time recovery begins another one; and the
 * database, because a dump may be restored beside the one that it was made of.
 */
const SYSTEM = `SELECT system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || database.oid AS system
  FROM pg_control_system(), pg_database AS database WHERE datname = current_database()`;

/** Looks whether the server takes writes, and which one it is. Rejects with STORE_NOT_PRIMARY, or what node-pg rejects with. */
export async function inspectSystem(client: pg.ClientBase, endpoint: Endpoint): Promise<SystemState> {
  const { rows } = await client.query<{ replica: boolean; read_only: boolean }>(ROLE);
  if (rows[0]?.replica !== false) throw notPrimary(endpoint, 'is a read replica');
  if (rows[0].read_only) throw notPrimary(endpoint, 'is read-only (default_transaction_read_only)');
  try {
    const found = await client.query<{ system: string }>(SYSTEM);
    return { system: found.rows[0]?.system };
  } catch (thrown) {
    // Not everywhere are these functions there, and permitted.
    if (thrown instanceof pg.DatabaseError && thrown.severity === 'ERROR') return { system: undefined };
    throw thrown;
  }
}
