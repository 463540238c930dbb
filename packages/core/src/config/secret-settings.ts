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
  const { mode, uid } = statSync(configFile, { throwIfNoEntry: false }) ?? { mode: 0, uid: 0 };
  // As `exposureOf` has it: the group of a file of root's is that of a service.
  if ((mode & (uid === 0 ? 0o004 : 0o044)) === 0) return [];
  return [...PASSWORDS, ...URLS].filter(setting => isSecretValue(setting, settings[setting]));
}

/** Whether a setting has values that are for nobody's eyes. */
export function mayBeSecret(setting: string): boolean {
  return includes(PASSWORDS, setting) || includes(URLS, setting);
}

/** Whether a value of a setting is for nobody's eyes: a password, or a URL with one. */
export function isSecretValue(setting: string, value: unknown): boolean {
  if (!isText(value) || value === '') return false;
  if (includes(PASSWORDS, setting)) return true;
  return includes(URLS, setting) && hasPassword(value);
}

function hasPassword(text: string): boolean {
  // It is none that anybody could use, and may be a good one with a slip in its password.
  if (!URL.canParse(text)) return /:.*@/s.test(text);
  const url = new URL(text);
  // PostgreSQL takes it in the query too.
  return url.password !== '' || [...url.searchParams.keys()].some(name => /password/i.test(name));
}

function includes(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
