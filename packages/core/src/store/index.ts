export type {
  ConnectionRow,
  ConnectionTable,
  Database,
  Epochs,
  EpochTable,
  NewScreen,
  NewToken,
  Outbox,
  OutboxDepth,
  OutboxEntry,
  OutboxItem,
  ScreenRow,
  ScreenTable,
  ServerIdentity,
  ServerRow,
  ServerTable,
  SessionTable,
  SocketFilter,
  SocketRow,
  SocketTable,
  TokenRow,
  TokenTable,
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
export { withDeadline } from './deadline.ts';
export {
  type ChannelListener,
  type EventChannel,
  MAX_MESSAGE_BYTES,
  type WholeChannel,
} from './event-channel.ts';
export { type HealthState, modeOf, type StoreMode } from './hybrid/health-state.ts';
export type { ReadCounters, StoreStats } from './hybrid/stats.ts';
export { type Lock, type LockInfo, type LockManager, type LockOptions, withLock } from './lock.ts';
export type { LinkFault } from './redis/fault-point.ts';
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
  presentRow,
  type RunningLimits,
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
export { MAX_SCREEN_BYTES } from './write-refusals.ts';
