import type { SessionRow } from '../session-store.ts';

/** A read with what stands behind it. */
export interface ReadResult {
  /** Undefined when there is no such session, or it was deleted. */
  readonly row: SessionRow | undefined;
  readonly source: 'l1' | 'redis' | 'database';
  /** The database could not be asked: this is the last that was known, and may be out of date. */
  readonly stale: boolean;
}
