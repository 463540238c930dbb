import type { Database } from '@triterm/core/store';
import { afterEach, beforeEach, describe } from 'vitest';
import { connectionTable } from './connection-table-contract.ts';
import { epochTable } from './epoch-table-contract.ts';
import { leaseGuards } from './lease-guard-contract.ts';
import { outbox } from './outbox-contract.ts';
import { revisions } from './revision-contract.ts';
import { screenTable } from './screen-table-contract.ts';
import { serverTable } from './server-table-contract.ts';
import { sessionTable } from './session-table-contract.ts';
import { socketTable } from './socket-table-contract.ts';
import { tokenTable } from './token-table-contract.ts';

/** One database for one test, and the way to open it as several servers would. */
export interface DatabaseHarness {
  /** Another connection to the same database; `dispose` closes it. */
  open(): Promise<Database>;
  dispose(): Promise<void>;
}

/** What the tests of a part are given: the database, opened once, and the way to open it again. */
export interface Opened {
  readonly database: () => Database;
  readonly another: () => Promise<Database>;
}

const PARTS: Readonly<Record<string, (opened: Opened) => void>> = {
  'answers for sessions': sessionTable,
  'keeps word of every write': outbox,
  'counts revisions': revisions,
  'keeps epochs': epochTable,
  'knows servers by their leases': serverTable,
  'has writes guarded by leases': leaseGuards,
  'keeps sockets': socketTable,
  'keeps tokens': tokenTable,
  'counts connections': connectionTable,
  'keeps screens': screenTable,
};

/** What every database does beside the session store's contract. Registers a suite. */
export function databaseContract(name: string, makeHarness: () => Promise<DatabaseHarness>): void {
  describe(`${name} keeps the database's contract`, () => {
    let harness: DatabaseHarness;
    let database: Database;
    beforeEach(async () => {
      harness = await makeHarness();
      database = await harness.open();
    });
    afterEach(() => harness.dispose());

    for (const [title, register] of Object.entries(PARTS))
      describe(title, () => register({ database: () => database, another: () => harness.open() }));
  });
}
