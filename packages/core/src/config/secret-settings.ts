import { statSync } from 'node:fs';
import { readConfigFile } from './config-file.ts';
import type { Paths } from './paths.ts';
import type { Config } from './schema.ts';

const PASSWORDS = [
  'redisPassword',
  'redisSentinelPassword',
  'clusterSecret',
] as const satisfies readonly (keyof Config)[];
const URLS = ['databaseUrl', 'databaseListenUrl', 'redisUrl'] as const satisfies readonly (keyof Config)[];

/**
 * Settings of the configuration file that hold a password while other users can read the file; none when they cannot, or
 * there is no file. The next step is `chmod 600` on the file. Throws BAD_CONFIG for a file that is none.
 */
export function readableSecrets({ configFile }: Pick<Paths, 'configFile'>): (keyof Config)[] {
  const settings = readConfigFile(configFile);
  const mode = statSync(configFile, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o044) === 0) return [];
  return [
    ...PASSWORDS.filter(setting => isText(settings[setting]) && settings[setting] !== ''),
    ...URLS.filter(setting => hasPassword(settings[setting])),
  ];
}

function hasPassword(value: unknown): boolean {
  if (!isText(value)) return false;
  // PostgreSQL takes it in the query too.
  if (!URL.canParse(value)) return /:\/\/[^/@]*:[^/@]+@/.test(value);
  const url = new URL(value);
  return url.password !== '' || url.searchParams.has('password');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
