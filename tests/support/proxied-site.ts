import { Certificates } from '@triterm/core/sandbox/certificates';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { type FleetSite, type FleetStores, movedTo, type Placement } from './fleet-site.ts';

/** The connections of one daemon of a fleet, each kind through a proxy of its own. */
export interface FleetLinks {
  /** From the daemon to Redis. */
  readonly redis: FaultProxy;
  /** From the daemon to PostgreSQL. */
  readonly database: FaultProxy;
  /** From other daemons to this one. */
  readonly peers: FaultProxy;
  /** From clients to this one. */
  readonly clients: FaultProxy;
}

/**
 * Everything on the loopback interface, and a proxy where each connection of a daemon can fail. With TLS, without which a server whose
 * lease has lapsed is not called.
 */
export class ProxiedSite implements FleetSite {
  readonly #stores: FleetStores;
  readonly #links = new Map<string, FleetLinks>();
  readonly #certificates = new Certificates();
  readonly ca = this.#certificates.pem();

  constructor(stores: FleetStores) {
    this.#stores = stores;
  }

  async place(id: string, port: number): Promise<Placement> {
    const [redis, database, peers, clients] = await Promise.all([
      FaultProxy.start({ port: this.#stores.redis.port }),
      FaultProxy.start({ port: this.#stores.postgres.port }),
      FaultProxy.start({ port }),
      FaultProxy.start({ port }),
    ]);
    this.#links.set(id, { redis, database, peers, clients });
    const { certFile, keyFile } = this.#certificates;
    return {
      env: {
        DATABASE_URL: movedTo(this.#stores.databaseUrl, database.host, database.port),
        REDIS_HOST: redis.host,
        REDIS_PORT: String(redis.port),
        TRITERM_LISTEN: secureUrl(port),
        TRITERM_TLS_CERT: certFile,
        TRITERM_TLS_KEY: keyFile,
        TRITERM_CLUSTER_CA: certFile,
        TRITERM_ADVERTISE_URL: secureUrl(peers.port),
      },
    };
  }

  links(id: string): FleetLinks {
    const links = this.#links.get(id);
    if (links === undefined) throw new Error(`no daemon ${id} was started`);
    return links;
  }

  clientUrl(id: string): string {
    return secureUrl(this.links(id).clients.port);
  }

  /** All connections of all daemons are as they were. */
  async heal(): Promise<void> {
    await Promise.all([...this.#links.values()].flatMap(proxiesOf).map(proxy => proxy.heal()));
  }

  async dispose(): Promise<void> {
    this.#certificates.dispose();
    await Promise.all([...this.#links.values()].flatMap(proxiesOf).map(proxy => proxy.dispose()));
  }
}

function secureUrl(port: number): string {
  return `wss://127.0.0.1:${port}`;
}

function proxiesOf({ redis, database, peers, clients }: FleetLinks): FaultProxy[] {
  return [redis, database, peers, clients];
}
