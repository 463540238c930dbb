import { join } from 'node:path';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { Network } from '@triterm/core/testing/network/namespaces';
import type { NetworkHost } from '@triterm/core/testing/network/network-host';
import { type FleetSite, type FleetStores, movedTo, type Placement } from './fleet-site.ts';

const REDIS_PORT = 6379;
const POSTGRES_PORT = 5432;

/** Each daemon, Redis and PostgreSQL on a host of its own, as a network namespace; the daemons speak TLS to each other. */
export class NamespacedSite implements FleetSite {
  readonly redis: NetworkHost;
  readonly database: NetworkHost;
  readonly #stores: FleetStores;
  readonly #network: Network;
  readonly #servers: ReadonlyMap<string, NetworkHost>;
  readonly #certificates: Certificates;

  private constructor(
    stores: FleetStores,
    network: Network,
    redis: NetworkHost,
    database: NetworkHost,
    servers: ReadonlyMap<string, NetworkHost>,
  ) {
    this.#stores = stores;
    this.#network = network;
    this.redis = redis;
    this.database = database;
    this.#servers = servers;
    this.#certificates = new Certificates(
      [...servers.values()].map(({ address }) => `IP:${address}` as const),
    );
  }

  /** `ids`: of the servers that there will be. */
  static async start(stores: FleetStores, ids: readonly string[]): Promise<NamespacedSite> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await Network.create());
    const redis = await network.host('redis');
    const database = await network.host('database');
    const servers = new Map<string, NetworkHost>();
    for (const id of ids) servers.set(id, await network.host(id));
    await network.serve(redis, REDIS_PORT, join(stores.redis.dir, 'redis.sock'));
    await network.serve(
      database,
      POSTGRES_PORT,
      join(stores.postgres.dir, `.s.PGSQL.${stores.postgres.port}`),
    );
    const site = new NamespacedSite(stores, network, redis, database, servers);
    stack.move();
    return site;
  }

  async place(id: string, port: number): Promise<Placement> {
    const { address, within } = this.host(id);
    const { certFile, keyFile } = this.#certificates;
    return {
      within,
      env: {
        DATABASE_URL: movedTo(this.#stores.databaseUrl, this.database.address, POSTGRES_PORT),
        REDIS_HOST: this.redis.address,
        REDIS_PORT: String(REDIS_PORT),
        TRITERM_LISTEN: `wss://${address}:${port}`,
        TRITERM_TLS_CERT: certFile,
        TRITERM_TLS_KEY: keyFile,
        TRITERM_CLUSTER_CA: certFile,
      },
    };
  }

  host(id: string): NetworkHost {
    const host = this.#servers.get(id);
    if (host === undefined) throw new Error(`there is no host for ${id}`);
    return host;
  }

  clientUrl(id: string, port: number): string {
    return `wss://${this.host(id).address}:${port}`;
  }

  async dispose(): Promise<void> {
    this.#certificates.dispose();
    await this.#network[Symbol.asyncDispose]();
  }
}
