export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** PEM texts. Without `ca` the system's authorities are trusted. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** Where Redis is. */
export type RedisPlace =
  | { readonly topology: 'single'; readonly host: string; readonly port: number }
  | {
      readonly topology: 'sentinel';
      readonly sentinels: readonly RedisAddress[];
      /** The name under which the sentinels watch the master. */
      readonly name: string;
      readonly sentinelUsername?: string;
      readonly sentinelPassword?: string;
    }
  /** Some of the nodes; they tell of the others. */
  | { readonly topology: 'cluster'; readonly nodes: readonly RedisAddress[] };

export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  /** 0 unless given; a cluster has no other. */
  readonly db?: number;
  /** TLS to every server, sentinels included. */
  readonly tls?: RedisTls;
  /** Deadline of one command; 50 unless given. */
  readonly commandTimeoutMs?: number;
  /** Deadline of one attempt to connect, handshake included; 2,000 unless given. */
  readonly connectTimeoutMs?: number;
  /** As `CLIENT LIST` shows it. */
  readonly connectionName?: string;
}

export type RedisSettings = RedisPlace & RedisAccess;

export const DEFAULT_COMMAND_TIMEOUT_MS = 50;
export const DEFAULT_CONNECT_TIMEOUT_MS = 2000;

/** Where it is, for people; without user and password. */
export function endpointText(settings: RedisSettings): string {
  switch (settings.topology) {
    case 'single':
      return addressText(settings);
    case 'sentinel':
      return `${settings.name} by sentinels ${settings.sentinels.map(addressText).join(', ')}`;
    case 'cluster':
      return `cluster ${settings.nodes.map(addressText).join(', ')}`;
  }
}

function addressText({ host, port }: RedisAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
