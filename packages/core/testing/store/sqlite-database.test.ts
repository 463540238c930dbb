import { databaseContract } from './database-contract.ts';
import { sessionStoreContract } from './session-store-contract.ts';
import { SqliteHarness } from './sqlite-harness.ts';

sessionStoreContract('SQLite', async () => new SqliteHarness());
databaseContract('SQLite', async () => new SqliteHarness());
