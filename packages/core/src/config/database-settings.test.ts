import { describe, expect, it } from 'vitest';
import { databaseSettings } from './database-settings.ts';

const settings = (databaseUrl: string, databaseListenUrl = '') =>
  databaseSettings({ databaseUrl, databaseListenUrl }, { database: '/state/triterm.db' });

describe('what the configuration says of the database', () => {
  it.each([
    ['', '/state/triterm.db'],
    ['sqlite:/data/my.db', '/data/my.db'],
    ['sqlite:///data/my.db', '/data/my.db'],
    ['SQLITE:/data/with space.db', '/data/with space.db'],
  ])('is SQLite: %j', (url, file) => {
    expect(settings(url)).toEqual({ kind: 'sqlite', file });
  });

  it.each([
    'postgres://u:p@host/name',
    'postgresql://host:5433/name?sslmode=require',
    'postgres:///name?host=/run/postgresql',
  ])('is PostgreSQL: %s', url => {
    expect(settings(url)).toEqual({ kind: 'postgres', url, listenUrl: url });
  });

  it('listens at an address of its own when one is told', () => {
    expect(settings('postgres://pooler/name', 'postgres://direct/name')).toEqual({
      kind: 'postgres',
      url: 'postgres://pooler/name',
      listenUrl: 'postgres://direct/name',
    });
  });

  it.each([
    ['mysql://u:hunter2@host/name', '', /must be sqlite:<path> or postgres:\/\/…, and has the scheme mysql$/],
    ['/data/my.db', '', /and has no scheme$/],
    ['sqlite:my.db', '', /absolute path/],
    ['sqlite://host/my.db', '', /absolute path/],
    ['sqlite::memory:', '', /absolute path/],
    ['sqlite:', '', /absolute path/],
    ['postgres://u:hunter2@host:port/name', '', /is no address/],
    ['postgres://u:hunter2@host/name', 'mysql://u:hunter2@host', /must be postgres/],
    ['postgres://host/name', 'postgres://u:hunter2@host:99999', /is no address/],
    ['', 'postgres://u:hunter2@host/name', /is for PostgreSQL only/],
  ])('is refused without a word of the password: %j %j', (url, listenUrl, reason) => {
    let error: unknown;
    try {
      settings(url, listenUrl);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(reason) });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });
});
