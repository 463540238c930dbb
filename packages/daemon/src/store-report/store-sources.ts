import { type DatabaseAdmin, modeOf, type Store } from '@triterm/core/store';
import type { SessionRegistry } from '../session/session-registry.ts';
import { databaseFiles } from './database-files.ts';
import { localSockets, sessionDirectory } from './local-sessions.ts';
import type { CacheSource, RedisHealth, RedisSource, StoreSources } from './sources.ts';

export interface ReportedServer {
  readonly store: Store;
  readonly admin: DatabaseAdmin;
  readonly sessions: SessionRegistry;
  readonly self: StoreSources['self'];
  restart(): void;
}

/** Where the reports of a running server come from. */
export function storeSources({ store, admin, sessions, self, restart }: ReportedServer): StoreSources {
  const { database } = store;
  return {
    self,
    sessions: sessionDirectory(sessions),
    database: {
      kind: database.kind,
      read: id => database.read(id),
      epochs: () => database.epochs(),
      outboxDepth: () => database.outboxDepth(),
      listServers: () => database.listServers(),
      admin,
      files: databaseFiles(admin),
    },
    cache: cacheSource(store),
    stats: () => store.sessions.stats(),
    redis: redisSource(store),
    locks: store.locks,
    registry: store.registry,
    attachedUsers: async limit => (await database.listSockets({}, limit)).map(({ userId }) => userId),
    localSockets: () => localSockets(sessions, self.id),
    restart,
  };
}

/** SQLite is read directly: there memory is no tier. */
function cacheSource({ sessions, cache, database }: Store): CacheSource {
  return {
    l1: database.kind === 'postgres' ? { inspect: id => sessions.inspectL1(id) } : undefined,
    redis: cache,
    floor: id => sessions.floor(id) || undefined,
    invalidate: id => sessions.invalidate(id),
  };
}

function redisSource({ sessions, link }: Store): RedisSource | undefined {
  if (link === undefined) return undefined;
  return {
    link,
    health: () => healthOf(sessions),
    latency: () => sessions.health()?.latencyMs ?? null,
  };
}

function healthOf(sessions: Store['sessions']): RedisHealth {
  const health = sessions.health();
  const { lastResync, isUp } = sessions;
  const state = health?.state ?? 'down';
  return {
    mode: modeOf(state),
    state,
    since: health?.since ?? Date.now(),
    reason: isUp ? null : (health?.lastFailure ?? 'it has not answered yet'),
    breakerOpen: health?.breakerOpen ?? true,
    history: [...(health?.history ?? [])].reverse(),
    lastResync:
      lastResync === null
        ? null
        : { at: lastResync.at, durationMs: lastResync.durationMs, entries: lastResync.drained },
  };
}
