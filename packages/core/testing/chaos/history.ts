import { createHash } from 'node:crypto';
import type { SessionRow, WriteGuard } from '../../src/store/session-store.ts';

/** What a session's state is known by. Two states of one id with the same `rev` must have the same digest. */
export interface Observation {
  readonly rev: number;
  readonly deleted: boolean;
  /** Of the whole row; empty for a tombstone. */
  readonly digest: string;
}

export type OperationKind = 'create' | 'update' | 'increment' | 'claim' | 'delete' | 'read' | 'get' | 'list';

/** One call into a store, as its process has seen it. Times are milliseconds of the system-wide monotonic clock. */
export interface Operation {
  /** Number of the order that it belongs to; an order may make several calls. */
  readonly order: number;
  /** Index of the server. */
  readonly server: number;
  /** Which process of that server, counted from 0. */
  readonly life: number;
  readonly kind: OperationKind;
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
  /** `ok`, or an error's code. */
  readonly outcome: string;
  /** What a write made, or a read found. Undefined: nothing there. */
  readonly seen?: Observation | undefined;
  /** Of a write: what the row had to be. */
  readonly guard?: WriteGuard;
  /** Of a write: stands in the row's title afterwards. */
  readonly tag?: string;
  /** Of a read: answered while the database was away, and marked so. */
  readonly stale?: boolean;
  readonly source?: 'l1' | 'redis' | 'database';
}

/** One committed state, as a trigger in the database has written it down: in commit order for each id. */
export interface Commit {
  readonly seq: number;
  readonly id: string;
  readonly rev: number;
  readonly deleted: boolean;
  readonly ownerEpoch: number;
  /** The title: which order has written it. */
  readonly tag: string;
  readonly count: number;
  readonly digest: string;
}

/** Something that was done to servers, processes and connections. */
export interface FaultRecord {
  readonly kind: string;
  /** The server that it concerns; undefined: all. */
  readonly server: number | undefined;
  readonly startMs: number;
  /** When it was taken back; the start for what happens in a moment. */
  readonly endMs: number;
  /** Nothing reports it: what comes late, or not at all, is missed by nobody for a while. */
  readonly silent: boolean;
  /** The process itself did not run. */
  readonly stopped: boolean;
}

/** A process, or the test itself, did not get the processor for so long. */
export interface Stall {
  readonly server: number | undefined;
  readonly startMs: number;
  readonly endMs: number;
}

/** Something that happened in Redis, in the order in which it happened there. */
export type RedisEvent =
  | {
      readonly kind: 'set';
      readonly atMs: number;
      readonly id: string;
      readonly epoch: string;
      readonly seen: Observation;
    }
  /** The keys are gone, or may be: all of them with `id` undefined. */
  | { readonly kind: 'gone'; readonly atMs: number; readonly id: string | undefined };

export interface History {
  readonly operations: readonly Operation[];
  readonly commits: readonly Commit[];
  readonly faults: readonly FaultRecord[];
  readonly stalls: readonly Stall[];
  readonly redis: readonly RedisEvent[];
}

/** Something that must not be. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly id: string | undefined;
  /** About when. */
  readonly atMs: number | undefined;
}

export const WRITES: ReadonlySet<OperationKind> = new Set([
  'create',
  'update',
  'increment',
  'claim',
  'delete',
]);

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function observe(row: SessionRow): Observation {
  return { rev: row.rev, deleted: false, digest: digestOf(row) };
}

export function digestOf(row: SessionRow): string {
  const { id, userId, name, ownerServer, ownerEpoch, state, primarySocket, doc, createdAt, updatedAt } = row;
  const members = [id, userId, name, ownerServer, ownerEpoch, state, primarySocket, createdAt, updatedAt];
  const sortedDoc = Object.entries(doc).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha1')
    .update(JSON.stringify([members, sortedDoc]))
    .digest('hex')
    .slice(0, 12);
}
