/** Where a daemon of a fleet runs, and by which ways it reaches the others. */
export interface Placement {
  /** Variables of its settings. */
  readonly env: Readonly<Record<string, string>>;
  /** Words before its command. */
  readonly within?: readonly string[];
}

/** What lies between the daemons of a fleet, their stores and their clients. */
export interface FleetSite {
  /** Certificates (PEM) of the authority that clients are to trust, where the daemons speak TLS. */
  readonly ca?: string;
  /** `port`: where the daemon is to listen. */
  place(id: string, port: number): Promise<Placement>;
  /** Where clients of the daemon connect. */
  clientUrl(id: string, port: number): string;
  dispose(): Promise<void>;
}

/** The servers that all daemons of a fleet use. */
export interface FleetStores {
  readonly databaseUrl: string;
  /** Directory with PostgreSQL's unix socket, and its port. */
  readonly postgres: { readonly dir: string; readonly port: number };
  /** Directory with Redis' unix socket `redis.sock`, and its port. */
  readonly redis: { readonly dir: string; readonly port: number };
}

/** Everything on the loopback interface, with nothing between. */
export class LoopbackSite implements FleetSite {
  readonly #stores: FleetStores;

  constructor(stores: FleetStores) {
    this.#stores = stores;
  }

  async place(_id: string, port: number): Promise<Placement> {
    return {
      env: {
        DATABASE_URL: this.#stores.databaseUrl,
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(this.#stores.redis.port),
        PORT: String(port),
      },
    };
  }

  clientUrl(_id: string, port: number): string {
    return loopbackUrl(port);
  }

  async dispose(): Promise<void> {}
}

function loopbackUrl(port: number): string {
  return `ws://127.0.0.1:${port}`;
}

/** The same database at another address. */
export function movedTo(databaseUrl: string, host: string, port: number): string {
  const url = new URL(databaseUrl);
  url.hostname = host;
  url.port = String(port);
  return url.href;
}
