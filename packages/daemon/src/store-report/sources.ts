import type {
  CachedEntry,
  DatabaseAdmin,
  EpochTable,
  HealthState,
  LockManager,
  Outbox,
  RedisLink,
  RegisteredSocket,
  ServerTable,
  SessionRecord,
  SocketRegistry,
  StoreMode,
  StoreStats,
} from '@triterm/core/store';

/** The sessions that this server has in memory. */
export interface SessionDirectory {
  /** By name, id or the beginning of an id; undefined when there is none. Throws AMBIGUOUS_SESSION. */
  find(target: string): { readonly id: string; readonly name: string } | undefined;
  nameOf(id: string): string | undefined;
  /** How many have a program that runs. */
  running(): number;
}

/** A socket with what only some registries know of it. */
export interface KnownSocket extends Omit<RegisteredSocket, 'lastPingAt' | 'incarnation'> {
  readonly incarnation: number | null;
  readonly lastPingAt: number | null;
  readonly primary: boolean;
}

export interface HealthChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: HealthState;
  readonly to: HealthState;
  readonly reason: string | null;
}

export interface RedisHealth {
  readonly mode: StoreMode;
  readonly state: HealthState;
  /** When the state began, milliseconds since 1970. */
  readonly since: number;
  /** Why it is in this state; null when that is no trouble. */
  readonly reason: string | null;
  readonly breakerOpen: boolean;
  /** The latest first. */
  readonly history: readonly HealthChange[];
  readonly lastResync: {
    readonly at: number;
    readonly durationMs: number;
    readonly entries: number;
  } | null;
}

export interface RedisSource {
  readonly link: Pick<RedisLink, 'info' | 'scan'>;
  health(): RedisHealth;
  /** Of commands, milliseconds; null before the first. */
  latency(): { readonly p50: number; readonly p99: number } | null;
}

/** What the cache in this process holds of a session. */
export type LocalEntry = Pick<CachedEntry, 'version' | 'epoch' | 'deleted' | 'value' | 'ttlMs'>;

export interface CacheSource {
  /** Without one there is no first tier. */
  readonly l1: { inspect(id: string): LocalEntry | undefined } | undefined;
  readonly redis: { inspect(id: string): Promise<CachedEntry | undefined> } | undefined;
  /** Undefined: nothing demands more than what is there. */
  floor(id: string): number | undefined;
  /** On every server. `redis`: null when it is not used. */
  invalidate(id: string): Promise<{ readonly l1: boolean; readonly redis: boolean | null }>;
}

/** What the database says, past every cache. */
export interface DatabaseSource {
  readonly kind: 'sqlite' | 'postgres';
  read(id: string): Promise<SessionRecord | undefined>;
  readonly epochs: EpochTable['epochs'] | undefined;
  readonly outboxDepth: Outbox['outboxDepth'] | undefined;
  readonly listServers: ServerTable['listServers'] | undefined;
  readonly admin: Pick<DatabaseAdmin, 'status' | 'migrate'>;
  readonly files: DatabaseFiles;
}

/** The database's way into files and back. Each is as long under way as there is data. */
export interface DatabaseFiles {
  /** Writes JSON lines to a new file, mode 0600, on disk when it resolves. Returns rows by table. */
  exportTo(file: string): Promise<Readonly<Record<string, number>>>;
  /** Rejects with STORE_NOT_EMPTY, DUMP_DAMAGED and what opening a file gives. */
  importFrom(
    file: string,
    options: { readonly replace: boolean },
  ): Promise<{ readonly rows: Readonly<Record<string, number>>; readonly dbEpoch: string }>;
  /** As `exportTo`, in the database's own format. */
  backUpTo(file: string): Promise<void>;
}

/** Everything that the reports are made of; undefined where the daemon runs without it. */
export interface StoreSources {
  readonly self: { readonly id: string; readonly hostId: string; readonly stateDir: string };
  readonly sessions: SessionDirectory;
  readonly database: DatabaseSource;
  readonly cache: CacheSource;
  readonly stats: () => StoreStats;
  readonly redis: RedisSource | undefined;
  readonly locks: Pick<LockManager, 'list' | 'show'> | undefined;
  readonly registry: SocketRegistry | undefined;
  /** Whose sockets the database has, as far as `limit` of these tell. */
  attachedUsers(limit: number): Promise<readonly string[]>;
  /** This server's own attachments, for when there is no registry. */
  localSockets(): readonly KnownSocket[];
  /** Ends the process so that its successor takes up what the database holds then. */
  restart(): void;
}
