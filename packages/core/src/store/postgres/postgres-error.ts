import pg from 'pg';
import { type ErrorCode, TermError } from '../../errors/index.ts';
import { describe, type Endpoint } from './settings.ts';

/** A call that got no answer within its deadline. */
export class NoAnswer extends Error {
  constructor() {
    super('no answer in time');
    this.name = 'NoAnswer';
  }
}

export interface Circumstances {
  readonly endpoint: Endpoint;
  /** What failed may have been a commit that the server has done: what we don't know of is not called failed. */
  readonly committing: boolean;
}

/** Class or code of SQLSTATE (PostgreSQL, appendix A) → what it is to us. Longest match counts. */
const BY_SQLSTATE: Readonly<Record<string, ErrorCode>> = {
  '08': 'STORE_UNAVAILABLE',
  // Serialization failure, deadlock.
  '40': 'STORE_UNAVAILABLE',
  '53': 'STORE_UNAVAILABLE',
  // Lock timeout, statement timeout, shutdown, starting up.
  '55': 'STORE_UNAVAILABLE',
  '57': 'STORE_UNAVAILABLE',
  '58': 'STORE_UNAVAILABLE',
  '28': 'STORE_REFUSED',
  '25006': 'STORE_NOT_PRIMARY',
  '25P03': 'STORE_UNAVAILABLE',
  '3D000': 'STORE_REFUSED',
  '42501': 'STORE_REFUSED',
  '53100': 'DISK_FULL',
  XX001: 'STORE_CORRUPT',
  XX002: 'STORE_CORRUPT',
};

/** What a connection attempt fails with that somebody has to correct; anything else may go by. */
const REFUSALS = /^(ENOTFOUND|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_SSL)/;

const POOLER_HINT =
  'PgBouncer: set ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout and ' +
  'max_prepared_statements = 200, and give the role these timeouts by ALTER ROLE … SET.';

/** The connection is of no use any more: it broke, its state is not known, or its server takes no writes. */
export function isBroken(thrown: unknown): boolean {
  if (!(thrown instanceof pg.DatabaseError)) return true;
  return thrown.severity !== 'ERROR' || thrown.code === '25006';
}

/** A connection that stood was cut, by either side of it; another one may do. */
export function wasCut(thrown: unknown): boolean {
  if (thrown instanceof TermError) return wasCut(thrown.cause);
  if (thrown instanceof pg.DatabaseError) return thrown.code === '57P01';
  return (
    /^(ECONNRESET|EPIPE)$/.test(codeOf(thrown)) ||
    /terminated unexpectedly|not queryable/.test(reason(thrown))
  );
}

/** What a statement failed with, as our own error. A TermError passes unchanged. */
export function storeError(thrown: unknown, { endpoint, committing }: Circumstances): TermError {
  if (thrown instanceof TermError) return thrown;
  const where = describe(endpoint);
  if (committing && isBroken(thrown) && codeOf(thrown) !== '25006')
    return new TermError(
      'OUTCOME_UNKNOWN',
      `PostgreSQL at ${where} did not say whether it was done: ${reason(thrown)}`,
      { cause: thrown },
    );
  if (thrown instanceof NoAnswer)
    return new TermError('STORE_UNAVAILABLE', `PostgreSQL at ${where} has not answered in time.`, {
      cause: thrown,
    });
  if (!(thrown instanceof pg.DatabaseError))
    return new TermError(
      'STORE_UNAVAILABLE',
      `The connection to PostgreSQL at ${where} broke: ${reason(thrown)}`,
      {
        cause: thrown,
      },
    );
  if (thrown.code === '23505' && thrown.constraint === 'session_user_name')
    return new TermError('NAME_TAKEN', 'There is a session of that name.', { cause: thrown });
  return ofDatabase(thrown, endpoint);
}

/** What a connection attempt failed with. Nothing was asked of the database by then. */
export function connectError(thrown: unknown, endpoint: Endpoint): TermError {
  if (thrown instanceof TermError) return thrown;
  const where = describe(endpoint);
  if (thrown instanceof pg.DatabaseError) {
    if (!/unsupported startup parameter/.test(thrown.message)) return ofDatabase(thrown, endpoint);
    return new TermError('STORE_REFUSED', `The pooler at ${where} takes no settings: ${thrown.message}`, {
      cause: thrown,
      hint: POOLER_HINT,
    });
  }
  const code = codeOf(thrown);
  if (code === 'ENOTFOUND')
    return new TermError('STORE_REFUSED', `There is no host ${endpoint.host}.`, { cause: thrown });
  if (REFUSALS.test(code) || /SASL|does not support SSL/.test(reason(thrown)))
    return new TermError('STORE_REFUSED', `PostgreSQL at ${where} can't be used so: ${reason(thrown)}`, {
      cause: thrown,
    });
  return new TermError('STORE_UNAVAILABLE', `PostgreSQL at ${where} can't be reached: ${reason(thrown)}`, {
    cause: thrown,
  });
}

export function notPrimary(endpoint: Endpoint, why: string): TermError {
  return new TermError('STORE_NOT_PRIMARY', `PostgreSQL at ${describe(endpoint)} ${why}.`);
}

function ofDatabase(thrown: pg.DatabaseError, endpoint: Endpoint): TermError {
  const { code: sqlstate = '' } = thrown;
  const code = BY_SQLSTATE[sqlstate] ?? BY_SQLSTATE[sqlstate.slice(0, 2)] ?? 'INTERNAL';
  return new TermError(code, `${what(sqlstate, endpoint)}: ${reason(thrown)}`, {
    cause: thrown,
    details: { sqlstate },
    ...(code === 'STORE_CORRUPT'
      ? { hint: 'Restore the database from a backup; PostgreSQL names the damaged table in its log.' }
      : {}),
  });
}

function what(sqlstate: string, endpoint: Endpoint): string {
  const where = describe(endpoint);
  if (sqlstate.startsWith('28')) return `PostgreSQL at ${where} refused the user ${endpoint.user}`;
  if (sqlstate === '3D000') return `There is no database ${endpoint.database} at ${where}`;
  if (sqlstate === '53100') return `The disk of PostgreSQL at ${where} is full`;
  if (sqlstate === '25006') return `PostgreSQL at ${where} takes no writes`;
  if (sqlstate === '55P03') return `Another transaction holds what is needed in PostgreSQL at ${where}`;
  return `PostgreSQL at ${where} refused it`;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** One of several addresses that all failed has its reason in each of them. */
function reason(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(error => reason(error)).join(', ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
