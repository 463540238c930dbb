import pg from 'pg';
import { TermError } from '../../errors/index.ts';

/** What the server itself cuts off. */
const STATEMENT_TIMEOUT_MS = 2000;
const LOCK_TIMEOUT_MS = 1000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5000;
/** TCP, TLS and login. */
export const CONNECT_TIMEOUT_MS = 2000;
/** Silence after which the system asks whether the other side still is there. */
const KEEP_ALIVE_AFTER_MS = 5000;
const BIGINT_OID = 20;

export interface PostgresTarget {
  /** `postgres://user:password@host:port/database`; see pg-connection-string for its parameters. */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly serverId: string;
}

/** Where a URL leads, without its password, for messages. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** Settings of every connection. Throws STORE_REFUSED for what is no URL of PostgreSQL. */
export function clientConfig({ url, serverId }: PostgresTarget): pg.ClientConfig {
  if (!/^postgres(ql)?:\/\//.test(url)) throw notAUrl();
  return {
    connectionString: url,
    application_name: `triterm ${serverId}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    types: { getTypeParser },
  };
}

/** Throws STORE_REFUSED as `clientConfig`. */
export function endpointOf(target: PostgresTarget): Endpoint {
  const config = clientConfig(target);
  try {
    const { host, port, database = '', user = '' } = new pg.Client(config);
    return { host, port, database, user };
  } catch {
    // Its message may hold the URL, and that the password.
    throw notAUrl();
  }
}

export function describe({ host, port, database }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

function notAUrl(): TermError {
  return new TermError('STORE_REFUSED', 'The address of the database is not one of PostgreSQL.', {
    hint: 'Write `DATABASE_URL` as postgres://user:password@host:port/database.',
  });
}

/** node-pg gives BIGINT as text; ours all are safe integers. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === BIGINT_OID && format !== 'binary' ? toSafeInteger : pg.types.getTypeParser(oid, format);

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`);
  return value;
}
