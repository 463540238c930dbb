/** A statement that is kept prepared on each connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

type Scalar = string | number | boolean | null;
export type Value = Scalar | readonly Scalar[];

/** A statement from its SQL. Parameters are `$1`, `$2`, …; types stand with them where PostgreSQL can't tell. */
export function statement(name: string, text: string): Statement {
  return { name: `triterm_${name}`, text };
}

/** Milliseconds since 1970 by the database's clock at this very moment, also after a wait for a lock. */
export const NOW_MS = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** Runs statements: each by itself, or all of them in one transaction. Rejects with TermErrors only. */
export interface Queries {
  /** Changes nothing, so it is repeated when its connection broke. */
  read<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]>;
  /** Rejects with OUTCOME_UNKNOWN when it may have been done all the same. */
  write<Row>(statement: Statement, values: readonly Value[]): Promise<Row[]>;
  /** All of the work or nothing of it. Rejects with what `work` rejects with, or with OUTCOME_UNKNOWN. */
  transaction<T>(work: (within: Queries) => Promise<T>): Promise<T>;
  /**
   * `transaction`, under advisory locks of these keys, taken in their order and held until its end: who all take them in one order
   * never wait for each other in a circle.
   */
  exclusively<T>(keys: readonly string[], work: (within: Queries) => Promise<T>): Promise<T>;
}

/** What of a text PostgreSQL can hold: no NUL. */
export function toParameter(value: Value): Value {
  if (typeof value === 'string') return withoutNul(value);
  if (Array.isArray(value))
    return value.map(member => (typeof member === 'string' ? withoutNul(member) : member));
  return value;
}

function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text;
}
