import type { Config } from './schema.ts';

/**
 * Variables that deployments of Redis, PostgreSQL and containers set, beside `TRITERM_<SETTING>`, which wins. An empty one
 * counts as not set: that is how a compose file or a unit leaves a variable out.
 */
export const OPERATOR_VARIABLES = {
  serverId: 'SERVER_ID',
  listen: 'PORT',
  databaseUrl: 'DATABASE_URL',
  databaseListenUrl: 'DATABASE_LISTEN_URL',
  redisUrl: 'REDIS_URL',
  redisHost: 'REDIS_HOST',
  redisPort: 'REDIS_PORT',
  redisUsername: 'REDIS_USERNAME',
  redisPassword: 'REDIS_PASSWORD',
  redisDb: 'REDIS_DB',
  redisTls: 'REDIS_TLS',
  redisTlsCa: 'REDIS_TLS_CA',
  redisTlsCert: 'REDIS_TLS_CERT',
  redisTlsKey: 'REDIS_TLS_KEY',
  redisTlsServerName: 'REDIS_TLS_SERVER_NAME',
  redisTlsRejectUnauthorized: 'REDIS_TLS_REJECT_UNAUTHORIZED',
  redisSentinels: 'REDIS_SENTINELS',
  redisSentinelName: 'REDIS_SENTINEL_NAME',
  redisSentinelPassword: 'REDIS_SENTINEL_PASSWORD',
  redisClusterNodes: 'REDIS_CLUSTER_NODES',
} as const satisfies Partial<Record<keyof Config, string>>;

/** The operator's variable for a setting; undefined when it has none. */
export function operatorVariable(setting: string): string | undefined {
  return Object.hasOwn(OPERATOR_VARIABLES, setting)
    ? OPERATOR_VARIABLES[setting as keyof typeof OPERATOR_VARIABLES]
    : undefined;
}
