import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newToken } from '@triterm/core/domain';
import { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { freePort } from '@triterm/core/sandbox/free-port';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { RedisSentinelGroup } from '@triterm/core/sandbox/redis-sentinel';
import { type RedisServer, type RedisServerOptions, startRedis } from '@triterm/core/sandbox/redis-server';
import { DEFAULT_STORE_SETTINGS, type Store, type StoreSettings } from '@triterm/core/store';
import { openStore } from '@triterm/core/store/open-store';
import { ENTRY_POINT_OPTIONS, entryPoint } from '../../entry-points.ts';
import { type Guard, startGuard } from './guard.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

export interface SandboxOptions {
  /** The kind that drills run on that do not need a certain one. */
  readonly database: DatabaseKind;
  /** Leaves directories, for a look at logs and data. */
  readonly keep: boolean;
}

export interface SandboxDaemonOptions {
  /** Port of the Redis that it uses, or of a proxy before it; none unless given. */
  readonly redisPort?: number;
  /** As `database()` gives it; its own SQLite unless given. */
  readonly database?: string;
  /** It listens for WebSocket connections, and shares a secret with the other daemons of the sandbox. */
  readonly listens?: boolean;
  /** Settings as variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface SandboxStoreOptions {
  readonly redisPort?: number;
  /** As `database()` gives it. */
  readonly database: string;
  readonly settings?: Partial<StoreSettings>;
  /** How long a command waits for Redis; as a server waits unless given. */
  readonly commandTimeoutMs?: number;
}

/**
 * The servers of one drill: daemons, Redis, database, each on private ports and directories below one directory. All are started on
 * demand, and ended by `dispose`, the last one first; so are those of a drill that was killed.
 */
export class Sandbox {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-drill-'));
  readonly #options: SandboxOptions;
  readonly #guard: Guard = startGuard(this.dir);
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #clusterSecret = newToken();
  /** Its port is open to every user of the machine. */
  readonly #redisPassword = newToken();
  /** What is being started; a drill that is interrupted does not wait for it. */
  readonly #starting = new Set<Promise<unknown>>();
  #postgres: Promise<PostgresServer> | undefined;
  #names = 0;
  #isDisposed = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  get databaseKind(): DatabaseKind {
    return this.#options.database;
  }

  /** What has to be undone when the drill ends; the last one first. */
  defer(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  redis(options: RedisServerOptions = {}): Promise<RedisServer> {
    return this.#begin(
      () => startRedis({ below: this.dir, password: this.#redisPassword, ...options }),
      server => server.dispose(),
    );
  }

  sentinels(): Promise<RedisSentinelGroup> {
    return this.#begin(
      () => RedisSentinelGroup.start({ below: this.dir, password: this.#redisPassword }),
      group => group.dispose(),
    );
  }

  /** The place where a connection to a server on this port can fail. */
  proxy(port: number): Promise<FaultProxy> {
    return this.#begin(
      () => FaultProxy.start({ port }),
      proxy => proxy.dispose(),
    );
  }

  /** One for all databases of the sandbox. */
  postgres(): Promise<PostgresServer> {
    this.#postgres ??= this.#begin(
      () => startPostgres(),
      server => server.dispose(),
    );
    return this.#postgres;
  }

  /** A new empty database: a URL of PostgreSQL, or a file of SQLite. Of the sandbox's kind unless another is wanted. */
  async database(kind: DatabaseKind = this.#options.database): Promise<string> {
    if (kind === 'postgres') return await (await this.postgres()).createDatabase();
    return join(this.dir, `${this.name('database')}.db`);
  }

  /** A daemon that serves. Its state directory outlives it, so that it can be killed and started again. */
  async daemon(id: string, options: SandboxDaemonOptions = {}): Promise<DaemonProcess> {
    const stateDir = join(this.dir, id);
    const { redisPort, database, listens = false, env = {} } = options;
    const daemon = new DaemonProcess(
      {
        TRITERM_STATE_DIR: stateDir,
        SERVER_ID: id,
        ...(redisPort === undefined ? {} : { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redisPort) }),
        REDIS_PASSWORD: this.#redisPassword,
        ...(database === undefined ? {} : { DATABASE_URL: urlOf(database) }),
        ...(listens ? { PORT: String(await freePort()), TRITERM_CLUSTER_SECRET: this.#clusterSecret } : {}),
        ...env,
      },
      { program: [...ENTRY_POINT_OPTIONS, fileURLToPath(entryPoint('tritermd'))], stderr: 'ignore' },
    );
    await this.#begin(
      async () => {
        mkdirSync(stateDir, { mode: 0o700 });
        // It may run without serving.
        this.defer(() => daemon.dispose());
        await daemon.start();
      },
      async () => {},
    );
    return daemon;
  }

  /** A server's store in this process, without a daemon around it. */
  async store(
    id: string,
    { redisPort, database, settings = {}, commandTimeoutMs }: SandboxStoreOptions,
  ): Promise<Store> {
    return await this.#begin(
      () =>
        openStore({
          database: isPostgres(database)
            ? { kind: 'postgres', url: database }
            : {
                kind: 'sqlite',
                file: database,
                workerUrl: entryPoint('store-worker'),
                execArgv: ENTRY_POINT_OPTIONS,
              },
          redis:
            redisPort === undefined
              ? undefined
              : {
                  topology: 'single',
                  host: '127.0.0.1',
                  port: redisPort,
                  password: this.#redisPassword,
                  ...(commandTimeoutMs === undefined ? {} : { commandTimeoutMs }),
                },
          server: { id, hostId: 'drill', bootId: 'drill', stateDir: join(this.dir, id), advertiseUrl: null },
          settings: { ...DEFAULT_STORE_SETTINGS, ...settings },
        }),
      store => store.close(),
    );
  }

  /** A word that nothing else in the sandbox is called. */
  name(word: string): string {
    this.#names += 1;
    return `${word}-${this.#names}`;
  }

  /** Ends everything, whatever of it fails. Returns the directory when it is kept. */
  async dispose(): Promise<string | null> {
    this.#isDisposed = true;
    await Promise.allSettled(this.#starting);
    for (const close of this.#closers.splice(0).reverse()) await close().catch(() => {});
    await this.#guard.end(this.#options.keep);
    return this.#options.keep ? this.dir : null;
  }

  /** Begins nothing any more once the sandbox is disposed of, and ends what was still starting then. */
  async #begin<T>(begin: () => Promise<T>, end: (started: T) => Promise<unknown>): Promise<T> {
    if (this.#isDisposed) throw new Error('the sandbox is closed');
    const starting = begin().then(started => {
      this.defer(() => end(started));
      return started;
    });
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }
}

function isPostgres(database: string): boolean {
  return database.startsWith('postgres://');
}

/** A file by its path, as operators write it. */
function urlOf(database: string): string {
  return isPostgres(database) ? database : `sqlite:${database}`;
}
