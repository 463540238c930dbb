import { type PostgresServer, startPostgres } from '@triterm/core/testing/servers/postgres';
import { type RedisServer, startRedis } from '@triterm/core/testing/servers/redis';
import { DaemonProcess } from '../support/daemon-process.ts';
import { until } from '../support/triterm.ts';

/** A session as it is stored, whatever a daemon says of it. */
interface StoredRow {
  readonly rev: number;
  readonly name: string;
  readonly state: string;
  readonly owner: string;
  readonly ownerEpoch: number;
  readonly doc: Readonly<Record<string, unknown>>;
}

/** Daemons that share a PostgreSQL and a Redis of their own. */
export class Fleet implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly #url: string;
  readonly #daemons: DaemonProcess[] = [];

  private constructor(postgres: PostgresServer, redis: RedisServer, url: string) {
    this.postgres = postgres;
    this.redis = redis;
    this.#url = url;
  }

  static async start(): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    const postgres = await startPostgres();
    stack.defer(() => postgres.dispose());
    const redis = await startRedis();
    stack.defer(() => redis.dispose());
    const fleet = new Fleet(postgres, redis, await postgres.createDatabase());
    stack.move();
    return fleet;
  }

  /** A daemon that serves, with Redis in use. */
  async daemon(id: string, env: Readonly<Record<string, string>> = {}): Promise<DaemonProcess> {
    const daemon = new DaemonProcess({
      SERVER_ID: id,
      DATABASE_URL: this.#url,
      REDIS_HOST: this.redis.host,
      REDIS_PORT: String(this.redis.port),
      ...env,
    });
    this.#daemons.push(daemon);
    await daemon.start();
    await untilMode(daemon, 'hybrid');
    return daemon;
  }

  /** What the database has of the session. */
  async row(id: string): Promise<StoredRow> {
    const [stored] = await this.postgres.query(
      `SELECT rev, name, state, owner_server, owner_epoch, doc FROM session WHERE id = '${id}' AND deleted_at IS NULL`,
      this.#url,
    );
    if (stored === undefined) throw new Error(`there is no row ${id}`);
    const { rev, name, state, owner_server: owner, owner_epoch: ownerEpoch, doc } = stored;
    return {
      rev: Number(rev),
      name: String(name),
      state: String(state),
      owner: String(owner),
      ownerEpoch: Number(ownerEpoch),
      doc: JSON.parse(String(doc)) as Record<string, unknown>,
    };
  }

  /** What Redis has of the session, as an operator reads it; undefined when it has nothing. */
  async entry(id: string): Promise<Record<string, unknown> | undefined> {
    const text = (await this.redis.cli('GET', `triterm:session:${id}`)).trim();
    return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.signal('SIGCONT');
    await this.postgres.signal('SIGCONT');
    await Promise.allSettled(this.#daemons.map(daemon => daemon.dispose()));
    await this.redis.dispose();
    await this.postgres.dispose();
  }
}

/** Resolves when the daemon works with Redis, or without. */
export function untilMode(
  daemon: DaemonProcess,
  mode: 'hybrid' | 'in-memory',
  timeoutMs?: number,
): Promise<void> {
  return until(
    async () => (await daemon.request('redis.status', {})).mode === mode,
    `mode ${mode}`,
    timeoutMs,
  );
}

/** Resolves when the text is on the screen of the session, or was. */
export async function untilText(daemon: DaemonProcess, target: string, pattern: string): Promise<void> {
  const condition = { kind: 'text' as const, pattern };
  await daemon.request('session.wait', { target, condition, timeoutMs: 20_000 });
}
