import type {
  ConnectionTable,
  Database,
  ScreenTable,
  ServerIdentity,
  ServerTable,
  TokenTable,
} from './database.ts';
import type { WholeChannel } from './event-channel.ts';
import type { HealthState } from './hybrid/health-state.ts';
import type { HybridStore } from './hybrid/hybrid-store.ts';
import type { LockManager } from './lock.ts';
import type { LinkFailure, RedisLink } from './redis/redis-link.ts';
import type { RedisSettings } from './redis/settings.ts';
import type { LeaseKeeper } from './servers/lease-keeper.ts';
import type { SessionCache } from './session-cache.ts';
import type { SocketRegistry } from './socket-registry.ts';
import type { StoreSettings } from './store-settings.ts';

/** Where the truth is kept. */
export type DatabaseTarget =
  | {
      readonly kind: 'sqlite';
      readonly file: string;
      /** The file of `sqlite/worker.ts`, as source or bundle. */
      readonly workerUrl: URL;
      readonly execArgv: readonly string[];
    }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      /** A direct way for LISTEN, when `url` goes through a pooler. */
      readonly listenUrl?: string;
    };

/** What happens in a store, for logs, metrics and events. None of these may throw. */
export interface StoreHooks {
  /** Redis' health changed. */
  modeChanged?(change: { at: number; from: HealthState; to: HealthState; reason: string }): void;
  /** Redis could not be used at the start, which is no change. Called once at most. */
  redisUnusable?(reason: string): void;
  /** A read went past memory. Left out unless somebody looks at it: it is called often. */
  traced?: (outcome: 'HIT' | 'MISS', id: string) => void;
  resynced?(report: { drained: number; durationMs: number }): void;
  /** Something failed behind everybody's back, and is tried again. */
  trouble?(what: string, thrown: unknown): void;
  /** A database call ended. */
  databaseCall?(operation: string, outcome: string, seconds: number): void;
  /** A Redis command ended: `ok`, or how it failed. */
  redisCommand?(outcome: 'ok' | LinkFailure, seconds: number): void;
}

export interface StoreOptions {
  readonly database: DatabaseTarget;
  readonly redis: RedisSettings | undefined;
  readonly server: ServerIdentity;
  readonly settings: StoreSettings;
  readonly hooks?: StoreHooks;
}

/** Everything that servers share, opened for one of them. */
export interface Store {
  readonly sessions: HybridStore;
  readonly locks: LockManager;
  readonly registry: SocketRegistry;
  readonly servers: ServerTable;
  readonly lease: LeaseKeeper;
  readonly database: Database;
  readonly tokens: TokenTable;
  readonly connections: ConnectionTable;
  readonly screens: ScreenTable;
  /** What happens, told to all servers: Redis while it is up, else the database; undefined where neither can tell (SQLite without Redis). */
  readonly events: WholeChannel | undefined;
  /** Undefined where no Redis is configured. */
  readonly link: RedisLink | undefined;
  /** Of Redis; the same condition. */
  readonly cache: SessionCache | undefined;
  /** Where a corrupt database was moved before a new one was made. */
  readonly movedAside: string | undefined;
  close(): Promise<void>;
}
