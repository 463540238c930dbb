import { sessionStoreContract } from './session-store-contract.ts';
import { SqliteHarness } from './sqlite-harness.ts';

sessionStoreContract('SQLite', async () => new SqliteHarness());
