import type { DatabaseAdmin } from './database-admin.ts';
import type { DatabaseTarget } from './store.ts';

/** What an operator does with a whole database, apart from the store that serves it. Opens nothing before it is used. */
export async function openAdmin(target: DatabaseTarget): Promise<DatabaseAdmin> {
  if (target.kind === 'sqlite') {
    const { SqliteAdmin } = await import('./sqlite/index.ts');
    return new SqliteAdmin(target);
  }
  const { PostgresAdmin } = await import('./postgres/index.ts');
  return new PostgresAdmin({ url: target.url, serverId: 'admin' });
}
