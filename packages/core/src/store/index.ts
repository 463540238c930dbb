export type {
  Database,
  Epochs,
  EpochTable,
  Outbox,
  OutboxDepth,
  OutboxEntry,
  OutboxItem,
  ServerIdentity,
  ServerRow,
  ServerTable,
  SessionTable,
  SocketFilter,
  SocketRow,
  SocketTable,
} from './database.ts';
export type {
  DatabaseAdmin,
  DatabaseSnapshot,
  DatabaseStatus,
  DumpBatch,
  DumpCounts,
  Imported,
  ImportOptions,
  MigrationOutcome,
} from './database-admin.ts';
export type { ChannelListener, EventChannel } from './event-channel.ts';
export { type HealthState, modeOf, type StoreMode } from './hybrid/health-state.ts';
export type { ReadCounters, StoreStats } from './hybrid/stats.ts';
export { type Lock, type LockInfo, type LockManager, type LockOptions, withLock } from './lock.ts';
export type { LinkFailure, LinkInfo, RedisLink } from './redis/redis-link.ts';
export {
  type CacheAnswer,
  type CachedEntry,
  epochText,
  type FillOutcome,
  type PutOutcome,
  type SessionCache,
} from './session-cache.ts';
export {
  type CreateOptions,
  isTombstone,
  type ListedSession,
  type NewSession,
  type SessionChange,
  type SessionRecord,
  type SessionRow,
  type SessionStore,
  type Tombstone,
  type WriteGuard,
} from './session-store.ts';
export type { RegisteredDevice, RegisteredSocket, RegistryStats, SocketRegistry } from './socket-registry.ts';
export type { DatabaseTarget, Store, StoreHooks, StoreOptions } from './store.ts';
export { DEFAULT_STORE_SETTINGS, type StoreSettings } from './store-settings.ts';
