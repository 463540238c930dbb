import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { databaseContract } from './database-contract.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { sessionStoreContract } from './session-store-contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.dispose());

sessionStoreContract('PostgreSQL', () => PostgresHarness.on(server));
databaseContract('PostgreSQL', () => PostgresHarness.on(server));
