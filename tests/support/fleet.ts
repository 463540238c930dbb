import type { Scope } from '@triterm/core/domain';
import { freePort } from '@triterm/core/sandbox/free-port';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import { rowsOf, type StoredRow } from '@triterm/core/sandbox/stored-rows';
import { DaemonProcess } from './daemon-process.ts';
import { type FleetSite, type FleetStores, LoopbackSite } from './fleet-site.ts';
import { type FleetLinks, ProxiedSite } from './proxied-site.ts';
import { until } from './triterm.ts';

export interface FleetOptions {
  /** Every daemon listens for WebSocket connections on a port of its own, and knows the secret of the fleet. */
  readonly listen?: boolean;
  /** Every connection leads through a proxy of its own, where the network can fail: see `links`. Implies `listen`. */
  readonly proxied?: boolean;
  /** What lies between them otherwise. Implies `listen`. */
  readonly site?: (stores: FleetStores) => Promise<FleetSite>;
  /** How long a server is taken for alive without a word. */
  readonly leaseMs?: number;
  /** For every daemon, as variables. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Member {
  readonly daemon: DaemonProcess;
  readonly port: number;
}

const CLUSTER_SECRET = 'what only the servers of this fleet know';

/** Daemons that share a PostgreSQL and a Redis of their own. */
export class Fleet implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly databaseUrl: string;
  readonly #options: FleetOptions;
  readonly #site: FleetSite;
  readonly #members = new Map<string, Member>();
  readonly #clients: ProtocolClient[] = [];

  private constructor(
    stores: FleetStores & { readonly postgres: PostgresServer; readonly redis: RedisServer },
    site: FleetSite,
    options: FleetOptions,
  ) {
    this.postgres = stores.postgres;
    this.redis = stores.redis;
    this.databaseUrl = stores.databaseUrl;
    this.#site = site;
    this.#options = options;
  }

  static async start(options: FleetOptions = {}): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await startPostgres());
    const redis = stack.use(await startRedis({ config: ['unixsocket redis.sock'] }));
    const stores = { databaseUrl: await postgres.createDatabase(), postgres, redis };
    const site = await siteOf(stores, options);
    stack.move();
    return new Fleet(stores, site, options);
  }

  /** A daemon that serves, with Redis in use. `env` has the last word; `program` is another release's. */
  async daemon(
    id: string,
    env: Readonly<Record<string, string>> = {},
    program?: readonly string[],
  ): Promise<DaemonProcess> {
    const { leaseMs } = this.#options;
    const port = Number(env.PORT ?? (await freePort()));
    const { env: placed, within = [] } = await this.#site.place(id, port);
    const { PORT: _, ...unlistening } = placed;
    const daemon = new DaemonProcess(
      {
        SERVER_ID: id,
        ...(this.#listens ? { ...placed, TRITERM_CLUSTER_SECRET: CLUSTER_SECRET } : unlistening),
        ...(leaseMs === undefined ? {} : { TRITERM_LEASE_MS: String(leaseMs) }),
        ...this.#options.env,
        ...env,
      },
      { within },
    );
    this.#members.set(id, { daemon, port });
    await daemon.start(program);
    await untilMode(daemon, 'hybrid');
    return daemon;
  }

  /** Where the daemon listens; through its proxy where there is one. */
  url(id: string): string {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`no daemon ${id} was started`);
    if (!this.#listens) throw new Error('nobody listens: start the fleet with { listen: true }');
    return this.#site.clientUrl(id, member.port);
  }

  /** The places where the connections of this daemon can fail; of a fleet that is `proxied`. */
  links(id: string): FleetLinks {
    if (!(this.#site instanceof ProxiedSite)) throw new Error('start the fleet with { proxied: true }');
    return this.#site.links(id);
  }

  /** Every connection is as it was; of a fleet that is `proxied`. */
  async heal(): Promise<void> {
    if (this.#site instanceof ProxiedSite) await this.#site.heal();
  }

  /** A token that every daemon of the fleet takes. */
  async token(options: { user?: string; scope?: Scope; session?: string } = {}): Promise<string> {
    const [member] = this.#members.values();
    if (member === undefined) throw new Error('no daemon runs');
    return (await member.daemon.request('token.create', { scope: 'use', ...options })).token;
  }

  /**
   * A client that came by WebSocket, of the unix sockets' user with all rights unless a token is given; through the proxy where there
   * is one.
   */
  async client(id: string, options: { token?: string } = {}): Promise<ProtocolClient> {
    const token = options.token ?? (await this.token({ user: 'local', scope: 'admin' }));
    const client = await ProtocolClient.connectTo(this.url(id), {
      token,
      ...(this.#site.ca === undefined ? {} : { ca: this.#site.ca }),
    });
    this.#clients.push(client);
    return client;
  }

  /** What the database has of the session. */
  async row(id: string): Promise<StoredRow> {
    const row = (await rowsOf(this.postgres, this.databaseUrl)).find(stored => stored.id === id);
    if (row === undefined) throw new Error(`there is no row ${id}`);
    return row;
  }

  /** What Redis has of the session, as an operator reads it; undefined when it has nothing. */
  async entry(id: string): Promise<Record<string, unknown> | undefined> {
    const text = (await this.redis.cli('GET', `triterm:session:${id}`)).trim();
    return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.signal('SIGCONT');
    await this.postgres.signal('SIGCONT');
    await Promise.allSettled(this.#clients.map(client => client.close()));
    await Promise.allSettled([...this.#members.values()].map(({ daemon }) => daemon.dispose()));
    await this.#site.dispose();
    await this.redis.dispose();
    await this.postgres.dispose();
  }

  get #listens(): boolean {
    const { listen = false, proxied = false, site } = this.#options;
    return listen || proxied || site !== undefined;
  }
}

async function siteOf(stores: FleetStores, { proxied = false, site }: FleetOptions): Promise<FleetSite> {
  if (site !== undefined) return await site(stores);
  return proxied ? new ProxiedSite(stores) : new LoopbackSite(stores);
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
