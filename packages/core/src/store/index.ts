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
export type { ChannelListener, EventChannel } from './event-channel.ts';
export { type Lock, type LockInfo, type LockManager, type LockOptions, withLock } from './lock.ts';
export type { CacheAnswer, CachedEntry, FillOutcome, PutOutcome, SessionCache } from './session-cache.ts';
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
