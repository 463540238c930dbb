import { metadata } from './hanging.ts';
import { lists, makeFile } from './listing.ts';
import { contend, locks } from './locking.ts';
import type { Place } from './place.ts';
import { memoryReads, openReader, reads } from './reading.ts';
import { addSockets, registryCosts, removeSockets } from './registering.ts';
import { writes } from './writing.ts';

/** What a server process can be told to do. */
export const TASKS = {
  openReader,
  reads,
  memoryReads,
  writes,
  locks,
  contend,
  addSockets,
  removeSockets,
  registryCosts,
  makeFile,
  lists,
  metadata,
  untilUp: (place: Place) => place.untilUp(),
};

export type Tasks = typeof TASKS;
export type TaskName = keyof Tasks;

export interface TaskOrder {
  readonly number: number;
  readonly task: TaskName;
  readonly options: unknown;
}

/** What became of an order; number 0 says that the store is open. */
export interface TaskReport {
  readonly number: number;
  readonly value?: unknown;
  readonly failed?: string;
}
