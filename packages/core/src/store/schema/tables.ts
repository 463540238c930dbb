import type { Scope, SessionState } from '../../domain/index.ts';

/**
 * The tables as queries see them. Columns are TEXT, BIGINT or INTEGER in every database; times are milliseconds since 1970;
 * BIGINT values stay below 2^53.
 */
export interface Tables {
  session: SessionTable;
  session_activity: SessionActivityTable;
  socket: SocketTable;
  server: ServerTable;
  cache_outbox: CacheOutboxTable;
  quota: QuotaTable;
  idempotency: IdempotencyTable;
  meta: MetaTable;
  token: TokenTable;
  connection: ConnectionTable;
  session_screen: SessionScreenTable;
}

export interface SessionTable {
  id: string;
  rev: number;
  user_id: string;
  name: string;
  owner_server: string;
  owner_epoch: number;
  state: SessionState;
  primary_socket: string | null;
  /** SessionDoc as JSON. */
  doc: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

/** Outside `session`, so that typing changes no revision and invalidates no cache. */
export interface SessionActivityTable {
  id: string;
  last_activity_at: number;
}

/** Attachments as their servers last told; read when the registry in the cache can't be. Key: session and socket. */
export interface SocketTable {
  session_id: string;
  id: string;
  server_id: string;
  incarnation: number;
  user_id: string;
  device_id: string;
  device_name: string;
  connected_at: number;
}

export interface ServerTable {
  id: string;
  /** A new one each time that the server starts or its lease lapsed. */
  incarnation: number;
  host_id: string;
  boot_id: string;
  state_dir: string;
  advertise_url: string | null;
  lease_until: number;
  /** 1 while it takes no new sessions. */
  draining: number;
}

/** Who may come over the network. Of the secret there is only its hash. */
export interface TokenTable {
  id: string;
  user_id: string;
  scope: Scope;
  session_id: string | null;
  /** SHA-256, hexadecimal. */
  hash: string;
  label: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

/** Connections over the network. Those of an earlier incarnation, or of a lapsed lease, are not there any more. */
export interface ConnectionTable {
  id: string;
  user_id: string;
  server_id: string;
  incarnation: number;
}

/** The last of each session's screen that its owner has told. */
export interface SessionScreenTable {
  session_id: string;
  owner_epoch: number;
  /** `offset` is a word of SQL. */
  stream_offset: number;
  cols: number;
  rows: number;
  content: string;
  at: number;
}

/** Rows whose cache entries may be behind. */
export interface CacheOutboxTable {
  id: string;
  rev: number;
  /** When the last write was, by the database's clock. */
  at: number;
}

export interface QuotaTable {
  scope: string;
  used: number;
}

/** What a mutation with this key has made, so that a repetition makes nothing new. */
export interface IdempotencyTable {
  key: string;
  result: string;
  at: number;
}

/**
 * `schema`, `min_compatible`, `db_epoch`, `cache_epoch`, `cache_identity` (empty: none was noted), on SQLite `boot_id` and the
 * counter `rev`, which is the sequence `triterm_rev` on PostgreSQL.
 */
export interface MetaTable {
  k: string;
  v: string;
}
