import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Triterm, until } from '../support/triterm.ts';

interface RedisStatus {
  mode: string;
  state: string;
  reason: string | null;
  outbox: { entries: number } | null;
}

describe('daemons on PostgreSQL and Redis', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let url: string;
  const servers: Triterm[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    redis = await startRedis();
    url = await postgres.createDatabase();
  });
  afterEach(async () => {
    redis.signal('SIGCONT');
    await Promise.all(servers.splice(0).map(server => server[Symbol.asyncDispose]()));
    await redis.dispose();
  });

  const server = (id: string, env: Readonly<Record<string, string>> = {}) => {
    const made = new Triterm({
      SERVER_ID: id,
      DATABASE_URL: url,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      ...env,
    });
    servers.push(made);
    return made;
  };
  const status = (of: Triterm) => of.json<RedisStatus>('redis', 'status');
  const untilMode = (of: Triterm, mode: string) =>
    until(async () => (await status(of)).mode === mode, `mode ${mode}`);
  const log = (of: Triterm) => readFileSync(join(of.stateDir, 'tritermd.log'), 'utf8');

  it('says what an operator looks for in Redis and in the log', async () => {
    const a = server('server-1', { TRITERM_LOG_LEVEL: 'debug' });
    await a.ok('new', '-d', '-n', 'work');
    await untilMode(a, 'hybrid');
    expect(log(a)).toContain('Redis connected successfully - using hybrid cache mode');
    const [{ id }] = await a.json<[{ id: string }]>('ls');
    await until(async () => (await redis.cli('GET', `triterm:session:${id}`)) !== '', 'the session in Redis');
    const entry = JSON.parse(await redis.cli('GET', `triterm:session:${id}`)) as {
      version: number;
      name: string;
    };
    expect(entry).toMatchObject({ name: 'work', version: expect.any(Number) });
    const shown = await a.json<{ agree: boolean }>('cache', 'show', 'work');
    expect(shown.agree).toBe(true);

    redis.signal('SIGSTOP');
    await a.ok('sessions', 'rename', 'work', 'play');
    await untilMode(a, 'in-memory');
    expect(log(a)).toContain('Redis connection failed - using in-memory mode');
    redis.signal('SIGCONT');
    await untilMode(a, 'hybrid');
    expect((await status(a)).outbox).toMatchObject({ entries: 0 });
    expect(JSON.parse(await redis.cli('GET', `triterm:session:${id}`))).toMatchObject({ name: 'play' });
  });

  it('types once what is typed while Redis stalls', async () => {
    const a = server('server-1');
    await a.ok('new', '-d', '-n', 'work', '--', 'cat');
    await untilMode(a, 'hybrid');
    redis.signal('SIGSTOP');
    await a.ok('send', 'work', 'once', '--enter');
    await a.ok('wait', 'work', '--text', 'once');
    redis.signal('SIGCONT');
    await untilMode(a, 'hybrid');
    await a.ok('send', 'work', 'twice', '--enter');
    await a.ok('wait', 'work', '--text', 'twice');
    const { screen } = await a.json<{ screen: string[] }>('capture', 'work');
    // The terminal's echo, and cat's.
    expect(screen.filter(line => line !== '')).toEqual(['once', 'once', 'twice', 'twice']);
  });

  it('shows a second server nothing of the first one’s sessions, and starts no second program', async () => {
    const a = server('server-1');
    await a.ok('new', '-d', '-n', 'work', '--', 'sh', '-c', 'echo hi; exec cat');
    await a.ok('wait', 'work', '--text', 'hi');
    const [before] = await a.json<[{ pid: number; state: string }]>('ls');
    const b = server('server-2');
    expect(await b.json('ls')).toEqual([]);
    await expect(b.ok('new', '-d', '-n', 'work')).rejects.toThrow('left with 4');
    expect(await a.json('ls')).toMatchObject([before]);
    const { servers: known } = await b.json<{ servers: { id: string }[] }>('servers', 'ls');
    expect(known.map(({ id }) => id)).toEqual(['server-1', 'server-2']);
    const { screen } = await a.json<{ screen: string[] }>('capture', 'work');
    expect(screen.filter(line => line === 'hi')).toHaveLength(1);
  });

  it('shows who is attached where, on every server, with Redis and without', async () => {
    const [a, b] = [server('server-1'), server('server-2')];
    await a.ok('new', '-d', '-n', 'work');
    await b.ok('new', '-d', '-n', 'other');
    await Promise.all([untilMode(a, 'hybrid'), untilMode(b, 'hybrid')]);
    const [{ id }] = await a.json<[{ id: string }]>('ls');
    const client = a.open(['attach', 'work']);
    const sockets = async (of: Triterm) =>
      (await of.json<{ sockets: { terminal: string; server: string; primary: boolean }[] }>('sockets', 'ls'))
        .sockets;
    const sees = (of: Triterm) =>
      until(async () => (await sockets(of)).some(({ terminal }) => terminal === id), 'the socket');
    await Promise.all([sees(a), sees(b)]);
    expect(await sockets(b)).toMatchObject([{ terminal: id, server: 'server-1', primary: true }]);
    await redis.kill();
    await Promise.all([untilMode(a, 'in-memory'), untilMode(b, 'in-memory')]);
    await sees(b);
    await redis.restart();
    await Promise.all([untilMode(a, 'hybrid'), untilMode(b, 'hybrid')]);
    await sees(b);
    await a.ok('sessions', 'detach', 'work');
    await client.exited;
    await until(async () => (await sockets(b)).length === 0, 'no socket');
  });

  it('keeps its sessions over its own death and restart, under a new incarnation', async () => {
    const a = server('server-1');
    await a.ok('new', '-d', '-n', 'work', '--', 'cat');
    const [before] = await a.json<[{ id: string; pid: number }]>('ls');
    const incarnation = async () =>
      (await a.json<{ servers: { incarnation: number }[] }>('servers', 'ls')).servers[0]?.incarnation ?? 0;
    const first = await incarnation();
    await a.killDaemon();
    expect(await a.json('ls')).toMatchObject([{ id: before.id, pid: before.pid, state: 'running' }]);
    expect(await incarnation()).toBeGreaterThan(first);
  });

  it('refuses to start as a server that lives elsewhere, and says so', async () => {
    const a = server('server-1');
    await a.ok('new', '-d', '-n', 'work');
    const b = server('server-1');
    const refused = await b.run(['ls']);
    expect(refused.stderr).toContain('server-1');
    expect(refused.exitCode).not.toBe(0);
    expect(await a.json('ls')).toHaveLength(1);
  });

  it('refuses to start without its database, says why, and shows no password', async () => {
    const a = server('server-1', { DATABASE_URL: 'postgres://someone:s3cret@127.0.0.1:1/nowhere' });
    const { stderr, exitCode } = await a.run(['ls']);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('127.0.0.1:1');
    expect(stderr).not.toContain('s3cret');
    expect(log(a)).not.toContain('s3cret');
  });

  it('works with a Redis that cannot be, as if there were none', async () => {
    const a = server('server-1', { REDIS_HOST: 'redis.invalid' });
    await a.ok('new', '-d', '-n', 'work', '--', 'cat');
    expect(await status(a)).toMatchObject({ mode: 'in-memory', state: 'down', reason: expect.any(String) });
    await until(
      () => log(a).includes('Redis connection failed - using in-memory mode'),
      'the line that says so',
    );
    expect(await a.json('ls')).toHaveLength(1);
  });

  it('goes on with input, output and size while the database is away', async () => {
    const a = server('server-1');
    await a.ok('new', '-d', '-n', 'work', '--', 'cat');
    await postgres.signal('SIGSTOP');
    try {
      await a.ok('send', 'work', 'still here', '--enter');
      await a.ok('wait', 'work', '--text', 'still here');
      await a.ok('sessions', 'resize', 'work', '90x20');
      const refused = await a.run(['sessions', 'rename', 'work', 'play']);
      expect(refused.exitCode).not.toBe(0);
    } finally {
      await postgres.signal('SIGCONT');
    }
    await until(async () => {
      const shown = await a.json<{ tiers: { tier: string; value?: { doc?: { cols?: number } } }[] }>(
        'cache',
        'show',
        'work',
      );
      return shown.tiers.some(({ tier, value }) => tier === 'database' && value?.doc?.cols === 90);
    }, 'the size in the database');
  });
});
