import { isAbsolute } from 'node:path';
import type { Paths } from './paths.ts';
import type { Config } from './schema.ts';
import { settingsProblem } from './store-problem.ts';

/** Which database decides. */
export type DatabaseSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'postgres';
      /** With its password. */
      readonly url: string;
      /** For LISTEN; the same one unless it is told apart. */
      readonly listenUrl: string;
    };

/** What the configuration says of the database. Throws BAD_CONFIG, never with a password in it. */
export function databaseSettings(
  { databaseUrl, databaseListenUrl }: Pick<Config, 'databaseUrl' | 'databaseListenUrl'>,
  paths: Pick<Paths, 'database'>,
): DatabaseSettings {
  if (isPostgres(databaseUrl)) {
    if (databaseListenUrl !== '' && !isPostgres(databaseListenUrl))
      throw settingsProblem('databaseListenUrl', 'must be postgres://…, as databaseUrl is');
    checkUrl('databaseUrl', databaseUrl);
    if (databaseListenUrl !== '') checkUrl('databaseListenUrl', databaseListenUrl);
    return { kind: 'postgres', url: databaseUrl, listenUrl: databaseListenUrl || databaseUrl };
  }
  if (databaseListenUrl !== '') throw settingsProblem('databaseListenUrl', 'is for PostgreSQL only');
  return { kind: 'sqlite', file: databaseUrl === '' ? paths.database : sqliteFile(databaseUrl) };
}

function isPostgres(url: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(url);
}

function checkUrl(setting: 'databaseUrl' | 'databaseListenUrl', url: string): void {
  // What the parser throws carries the whole text, with its password.
  if (URL.canParse(url)) return;
  throw settingsProblem(
    setting,
    'is no address; write postgres://user:password@host:port/name, and %XX for special characters in the password',
  );
}

function sqliteFile(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== 'sqlite') {
    const found = scheme === undefined ? 'no scheme' : `the scheme ${scheme}`;
    throw settingsProblem('databaseUrl', `must be sqlite:<path> or postgres://…, and has ${found}`);
  }
  const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  // The daemon runs elsewhere than whoever wrote it, so a relative path has no meaning.
  if (!isAbsolute(file) || file.startsWith('//') || file.includes('\0'))
    throw settingsProblem('databaseUrl', 'must be sqlite: and an absolute path of a file');
  return file;
}
