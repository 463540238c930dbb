import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { isTombstone, type SessionRecord } from '../../src/store/session-store.ts';
import { type Commit, digestOf } from './history.ts';

/** What the tests ask the database itself, past the stores. */
export interface Journal {
  /** From now on every committed state of a session is written down by the database, in commit order for each id. */
  begin(): Promise<void>;
  /** Those after `seq`, in their order. */
  after(seq: number): Promise<Commit[]>;
  rows(): Promise<Map<string, { rev: number; deleted: boolean }>>;
  outboxEntries(): Promise<number>;
  /** As after a restore: another generation of the data, which happens to be the same. */
  newEpoch(): Promise<void>;
  /** As entries in Redis carry it. */
  epoch(): Promise<string>;
  close(): Promise<void>;
}

interface Stored {
  seq: number | string;
  row: string;
}

const COLUMNS = [
  'id',
  'rev',
  'user_id',
  'name',
  'owner_server',
  'owner_epoch',
  'state',
  'primary_socket',
  'doc',
  'created_at',
  'updated_at',
  'deleted_at',
] as const;
const OUTBOX = 'SELECT count(*) AS n FROM cache_outbox';
const ROWS = 'SELECT id, rev, deleted_at FROM session';
const NEW_EPOCH = `UPDATE meta SET v = CASE k WHEN 'db_epoch' THEN v || '0' ELSE CAST(CAST(v AS BIGINT) + 1 AS TEXT) END
  WHERE k IN ('db_epoch', 'cache_epoch')`;
const EPOCHS = "SELECT k, v FROM meta WHERE k IN ('db_epoch', 'cache_epoch')";

export class PostgresJournal implements Journal {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 5000 });
    this.#pool.on('error', () => {});
  }

  async begin(): Promise<void> {
    await this.#query(`
      CREATE TABLE chaos_journal (seq BIGSERIAL PRIMARY KEY, row TEXT NOT NULL);
      CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO chaos_journal (row) VALUES (to_jsonb(NEW)::text); RETURN NULL; END $$;
      CREATE TRIGGER chaos_note AFTER INSERT OR UPDATE ON session FOR EACH ROW EXECUTE FUNCTION chaos_note();`);
  }

  async after(seq: number): Promise<Commit[]> {
    const rows = await this.#query<Stored>('SELECT seq, row FROM chaos_journal WHERE seq > $1 ORDER BY seq', [
      seq,
    ]);
    return rows.map(toCommit);
  }

  async rows(): Promise<Map<string, { rev: number; deleted: boolean }>> {
    return toRows(await this.#query(ROWS));
  }

  async outboxEntries(): Promise<number> {
    const [row] = await this.#query<{ n: string }>(OUTBOX);
    return Number(row?.n);
  }

  async newEpoch(): Promise<void> {
    await this.#query(NEW_EPOCH);
  }

  async epoch(): Promise<string> {
    return toEpoch(await this.#query(EPOCHS));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** Once more where the server was restarted since. */
  async #query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    const ask = async () =>
      (await this.#pool.query<Row>(text, values === undefined ? undefined : [...values])).rows;
    return ask().catch(ask).catch(ask);
  }
}

export class SqliteJournal implements Journal {
  readonly #database: Sqlite.Database;

  constructor(file: string) {
    this.#database = new Sqlite(file, { timeout: 5000 });
  }

  async begin(): Promise<void> {
    const members = COLUMNS.map(column => `'${column}', NEW.${column}`).join(', ');
    const note = `BEGIN INSERT INTO chaos_journal (row) VALUES (json_object(${members})); END`;
    this.#database.exec(`
      CREATE TABLE chaos_journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, row TEXT NOT NULL);
      CREATE TRIGGER chaos_note_insert AFTER INSERT ON session ${note};
      CREATE TRIGGER chaos_note_update AFTER UPDATE ON session ${note};`);
  }

  async after(seq: number): Promise<Commit[]> {
    const rows = this.#database.prepare<[number], Stored>(
      'SELECT seq, row FROM chaos_journal WHERE seq > ? ORDER BY seq',
    );
    return rows.all(seq).map(toCommit);
  }

  async rows(): Promise<Map<string, { rev: number; deleted: boolean }>> {
    return toRows(this.#database.prepare<[], RowHead>(ROWS).all());
  }

  async outboxEntries(): Promise<number> {
    return this.#database.prepare<[], { n: number }>(OUTBOX).get()?.n ?? 0;
  }

  async newEpoch(): Promise<void> {
    this.#database.prepare(NEW_EPOCH).run();
  }

  async epoch(): Promise<string> {
    return toEpoch(this.#database.prepare<[], { k: string; v: string }>(EPOCHS).all());
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

interface RowHead {
  id: string;
  rev: number | string;
  deleted_at: number | string | null;
}

function toRows(heads: readonly RowHead[]): Map<string, { rev: number; deleted: boolean }> {
  return new Map(
    heads.map(({ id, rev, deleted_at }) => [id, { rev: Number(rev), deleted: deleted_at !== null }]),
  );
}

function toEpoch(meta: readonly { k: string; v: string }[]): string {
  const value = new Map(meta.map(({ k, v }) => [k, v]));
  return `${value.get('db_epoch')}.${value.get('cache_epoch')}`;
}

function toCommit({ seq, row }: Stored): Commit {
  const stored = JSON.parse(row);
  const record: SessionRecord =
    stored.deleted_at === null
      ? {
          id: stored.id,
          rev: stored.rev,
          userId: stored.user_id,
          name: stored.name,
          ownerServer: stored.owner_server,
          ownerEpoch: stored.owner_epoch,
          state: stored.state,
          primarySocket: stored.primary_socket,
          doc: JSON.parse(stored.doc),
          createdAt: stored.created_at,
          updatedAt: stored.updated_at,
        }
      : { id: stored.id, rev: stored.rev, deleted: true };
  const doc = JSON.parse(stored.doc);
  return {
    seq: Number(seq),
    id: record.id,
    rev: record.rev,
    deleted: isTombstone(record),
    ownerEpoch: stored.owner_epoch,
    tag: doc.title,
    count: Number(doc.labels.count),
    digest: isTombstone(record) ? '' : digestOf(record),
  };
}
