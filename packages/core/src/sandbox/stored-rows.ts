import type { PostgresServer } from './postgres-server.ts';

/** A session as it is stored, whatever a server says of it. */
export interface StoredRow {
  readonly id: string;
  readonly rev: number;
  readonly name: string;
  readonly state: string;
  readonly owner: string;
  readonly ownerEpoch: number;
  readonly doc: Readonly<Record<string, unknown>>;
}

/** The sessions that PostgreSQL has and that were not deleted, by name. */
export async function rowsOf(postgres: PostgresServer, databaseUrl: string): Promise<StoredRow[]> {
  const rows = await postgres.query(
    'SELECT id, rev, name, state, owner_server, owner_epoch, doc FROM session WHERE deleted_at IS NULL ORDER BY name',
    databaseUrl,
  );
  return rows.map(({ id, rev, name, state, owner_server: owner, owner_epoch: ownerEpoch, doc }) => ({
    id: String(id),
    rev: Number(rev),
    name: String(name),
    state: String(state),
    owner: String(owner),
    ownerEpoch: Number(ownerEpoch),
    doc: JSON.parse(String(doc)),
  }));
}
