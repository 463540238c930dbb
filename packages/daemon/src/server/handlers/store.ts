import type { Method, ParsedParams, Result } from '@triterm/core/protocol/messages';
import type { Handlers } from '../router.ts';

type StoreMethod = Extract<
  Method,
  | `redis.${string}`
  | `cache.${string}`
  | `locks.${string}`
  | `sockets.${string}`
  | `servers.${string}`
  | `db.${string}`
>;
type Answer<M extends StoreMethod> = (params: ParsedParams<M>) => Promise<Result<M>>;

/**
 * What an operator sees of the store, and does with it. Every method answers within a few seconds whatever hangs, but for
 * `migrateDatabase`, `exportDatabase`, `importDatabase` and `backUpDatabase`, which take as long as there is data.
 */
export interface StoreControl {
  readonly redisStatus: Answer<'redis.status'>;
  readonly cacheStats: Answer<'cache.stats'>;
  readonly showEntry: Answer<'cache.show'>;
  readonly invalidateEntry: Answer<'cache.invalidate'>;
  readonly listLocks: Answer<'locks.list'>;
  readonly showLock: Answer<'locks.show'>;
  readonly listSockets: Answer<'sockets.list'>;
  readonly listServers: Answer<'servers.list'>;
  readonly databaseStatus: Answer<'db.status'>;
  readonly migrateDatabase: Answer<'db.migrate'>;
  readonly exportDatabase: Answer<'db.export'>;
  readonly importDatabase: Answer<'db.import'>;
  readonly backUpDatabase: Answer<'db.backup'>;
}

export function storeHandlers(control: StoreControl): Pick<Handlers, StoreMethod> {
  return {
    'redis.status': params => control.redisStatus(params),
    'cache.stats': params => control.cacheStats(params),
    'cache.show': params => control.showEntry(params),
    'cache.invalidate': params => control.invalidateEntry(params),
    'locks.list': params => control.listLocks(params),
    'locks.show': params => control.showLock(params),
    'sockets.list': params => control.listSockets(params),
    'servers.list': params => control.listServers(params),
    'db.status': params => control.databaseStatus(params),
    'db.migrate': params => control.migrateDatabase(params),
    'db.export': params => control.exportDatabase(params),
    'db.import': params => control.importDatabase(params),
    'db.backup': params => control.backUpDatabase(params),
  };
}
