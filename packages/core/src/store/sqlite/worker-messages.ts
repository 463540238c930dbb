import type { WireError } from '../../errors/index.ts';
import type { Database } from '../database.ts';

/** What the store's thread is started with. */
export interface StoreWorkerData {
  readonly file: string;
  readonly bootId: string;
}

export type Operation = Exclude<keyof Database, 'close' | 'kind'>;

/** Operations that change nothing: they need no write lock, and repeating them is harmless. */
const READS: ReadonlySet<string> = new Set<Operation>([
  'get',
  'getByName',
  'list',
  'read',
  'recent',
  'listOutbox',
  'outboxDepth',
  'epochs',
  'listServers',
  'listSockets',
  'findToken',
  'listTokens',
  'refusedTokens',
  'getScreen',
]);

export function isRead(op: Operation): boolean {
  return READS.has(op);
}

export type Arguments<O extends Operation> = Parameters<Database[O]>;
export type Outcome<O extends Operation> = Awaited<ReturnType<Database[O]>>;

/** A call of one operation, as it crosses to the thread. */
export type Call = { [O in Operation]: { readonly op: O; readonly args: Arguments<O> } }[Operation];

export type StoreRequest =
  | { readonly id: number; readonly deadlineMs: number; readonly call: Call }
  /** Opens the database; one that is corrupt is moved aside. */
  | { readonly id: number; readonly open: true }
  | { readonly id: number; readonly close: true };

/** Answers to what one transaction held, in one message. */
export type StoreAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError };

/** Said before any answer that comes from the new connection: the file may be another one. */
export const REOPENED = 'reopened';
export type StoreMessage = readonly StoreAnswer[] | typeof REOPENED;

/** The result of `open`. */
export interface Opened {
  /** Where a corrupt database was moved. */
  readonly movedAside: string | undefined;
}

/** Monotonic milliseconds that every thread of the process shares; `performance.now()` counts from each thread's start. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
