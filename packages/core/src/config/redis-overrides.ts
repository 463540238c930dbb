import { REDIS_NAMES } from './redis-settings.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** What belongs to one way of naming a Redis, and to no other. */
const COMPANIONS: Readonly<Record<(typeof REDIS_NAMES)[number], readonly string[]>> = {
  redisUrl: [],
  redisHost: ['redisPort'],
  redisSentinels: ['redisSentinelName', 'redisSentinelPassword'],
  redisClusterNodes: [],
};

/**
 * `settings` without another Redis than the one that `overrides` name: `REDIS_HOST` replaces the cluster of the file. All of
 * them where they name none.
 */
export function withoutOtherRedis(settings: Settings, overrides: Settings): Settings {
  const named = REDIS_NAMES.filter(name => !isEmpty(overrides[name]));
  if (named.length === 0) return settings;
  const kept = new Set(named.flatMap(name => [name, ...COMPANIONS[name]]));
  const replaced = REDIS_NAMES.flatMap(name => [name, ...COMPANIONS[name]]).filter(name => !kept.has(name));
  return Object.fromEntries(Object.entries(settings).filter(([setting]) => !replaced.includes(setting)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
