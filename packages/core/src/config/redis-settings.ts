import { bareHost } from '../domain/index.ts';
import { type HostPort, parseHostPort } from './host-port.ts';
import { type RedisTlsSettings, readRedisTls } from './redis-tls.ts';
import type { Config } from './schema.ts';
import { settingsProblem } from './store-problem.ts';

/** Where Redis is. */
export type RedisPlace =
  | ({ readonly topology: 'single' } & HostPort)
  | {
      readonly topology: 'sentinel';
      readonly sentinels: readonly HostPort[];
      /** What the Sentinels call the master. */
      readonly name: string;
      readonly sentinelPassword?: string;
    }
  | { readonly topology: 'cluster'; readonly nodes: readonly HostPort[] };

/** Which Redis to use, and how to be let in. What is not given is not there. */
export type RedisSettings = RedisPlace & {
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** For the Sentinels too. */
  readonly tls?: RedisTlsSettings;
};

type RedisConfig = Pick<Config, Extract<keyof Config, `redis${string}`>>;

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** Settings that name a Redis. One of them is given where Redis is used at all. */
export const REDIS_NAMES = ['redisUrl', 'redisHost', 'redisSentinels', 'redisClusterNodes'] as const;

/**
 * What the configuration says of Redis; undefined when it names none. Reads the files of TLS. Throws BAD_CONFIG for what
 * contradicts itself, never with a password in it.
 */
export function redisSettings(config: RedisConfig): RedisSettings | undefined {
  const [named, second] = REDIS_NAMES.filter(setting => config[setting].length > 0);
  if (named === undefined) return undefined;
  if (second !== undefined)
    throw settingsProblem(second, `${named} names a Redis already; give one of the two`);
  const url = named === 'redisUrl' ? parseRedisUrl(config.redisUrl) : undefined;
  const db = once('redisDb', config.redisDb ?? undefined, url?.db) ?? 0;
  if (named === 'redisClusterNodes' && db !== 0)
    throw settingsProblem('redisDb', 'a cluster has only database 0');
  const username = once('redisUsername', config.redisUsername || undefined, url?.username);
  const password = once('redisPassword', config.redisPassword || undefined, url?.password);
  const tls = readRedisTls(config, config.redisTls || url?.tls === true);
  return {
    ...placeOf(config, named, url),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    db,
  };
}

function placeOf(
  config: RedisConfig,
  named: (typeof REDIS_NAMES)[number],
  url: RedisUrl | undefined,
): RedisPlace {
  if (config.redisPort !== null && named !== 'redisHost')
    throw settingsProblem('redisPort', `goes with redisHost; ${named} carries its ports`);
  if (named !== 'redisSentinels') {
    for (const setting of ['redisSentinelName', 'redisSentinelPassword'] as const)
      if (config[setting] !== '') throw settingsProblem(setting, 'needs redisSentinels');
  }
  if (url !== undefined) return { topology: 'single', host: url.host, port: url.port };
  if (named === 'redisHost')
    return { topology: 'single', host: hostOf(config.redisHost), port: config.redisPort ?? REDIS_PORT };
  if (named === 'redisClusterNodes')
    return { topology: 'cluster', nodes: nodesOf(named, config.redisClusterNodes, REDIS_PORT) };
  if (config.redisSentinelName === '')
    throw settingsProblem('redisSentinelName', 'is missing: what do the Sentinels call the master?');
  return {
    topology: 'sentinel',
    sentinels: nodesOf('redisSentinels', config.redisSentinels, SENTINEL_PORT),
    name: config.redisSentinelName,
    ...(config.redisSentinelPassword === '' ? {} : { sentinelPassword: config.redisSentinelPassword }),
  };
}

/** The value that is told; twice only if both say the same. */
function once<T>(
  setting: 'redisDb' | 'redisUsername' | 'redisPassword',
  own: T | undefined,
  inUrl: T | undefined,
): T | undefined {
  if (own !== undefined && inUrl !== undefined && own !== inUrl)
    throw settingsProblem(setting, 'redisUrl says another one');
  return own ?? inUrl;
}

function hostOf(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (/[\s/@]|:\/\//.test(bare))
    throw settingsProblem('redisHost', 'must be a host name or an address; a URL goes into redisUrl');
  if (bare.split(':').length === 2)
    throw settingsProblem('redisHost', 'must be without a port; that goes into redisPort');
  return bare;
}

function nodesOf(
  setting: 'redisSentinels' | 'redisClusterNodes',
  items: readonly string[],
  defaultPort: number,
): HostPort[] {
  return items.map((item, i) => {
    const node = parseHostPort(item, defaultPort);
    if (node === undefined)
      throw settingsProblem(
        setting,
        `entry ${i + 1} must be host or host:port, with a port from 1 to 65535, and the brackets of an IPv6 address`,
      );
    return node;
  });
}

interface RedisUrl extends HostPort {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
}

function parseRedisUrl(text: string): RedisUrl {
  // What the parser throws carries the whole text, with its password.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url === undefined ? null : /^\/?(\d{0,9})$/.exec(url.pathname);
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:';
  if (url === undefined || !isRedis || url.hostname === '' || database === null || url.port === '0')
    throw settingsProblem(
      'redisUrl',
      'must be redis://[user:password@]host[:port][/db], or rediss:// for TLS',
    );
  if (url.search !== '' || url.hash !== '')
    throw settingsProblem('redisUrl', 'must be without ? and #; write them as %3F and %23 in a password');
  return {
    host: bareHost(url),
    port: url.port === '' ? REDIS_PORT : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
    db: database[1] === '' ? undefined : Number(database[1]),
    tls: url.protocol === 'rediss:',
  };
}

function decode(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw settingsProblem(
      'redisUrl',
      'has a % in user or password that is not the begin of a %XX; write it as %25',
    );
  }
}
