/**
 * What an operator does to see that nothing depends on Redis: two servers, a client on each, Redis stopped and started again, and a
 * look at what is in it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@triterm/core/sandbox/free-port';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Triterm, until } from '../support/triterm.ts';

let postgres: PostgresServer;
let redis: RedisServer;
let servers: [first: Triterm, second: Triterm];
beforeEach(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const databaseUrl = await postgres.createDatabase();
  const server = async (id: string) =>
    new Triterm({
      SERVER_ID: id,
      PORT: String(await freePort()),
      DATABASE_URL: databaseUrl,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      TRITERM_CLUSTER_SECRET: 'known to server-1 and server-2 only',
      TRITERM_LOG_LEVEL: 'debug',
    });
  servers = [await server('server-1'), await server('server-2')];
  for (const each of servers) await each.ok('daemon', 'start');
});
afterEach(async () => {
  await Promise.all(servers.map(server => server[Symbol.asyncDispose]()));
  await redis.dispose();
  await postgres.dispose();
});

const log = (of: Triterm) => readFileSync(join(of.stateDir, 'tritermd.log'), 'utf8');
const untilLogged = (of: Triterm, line: string, times = 1) =>
  until(() => log(of).split(line).length > times, `${times} times in the log: ${line}`);
const mode = async (of: Triterm) => (await of.json<{ mode: string }>('redis', 'status')).mode;
const untilMode = (wanted: string) =>
  until(
    async () => (await Promise.all(servers.map(mode))).every(is => is === wanted),
    `both servers in mode ${wanted}`,
    20_000,
  );
const entry = async (id: string) => {
  const text = await redis.cli('GET', `triterm:session:${id}`);
  return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
};

/** What `redis-cli MONITOR | grep lock:session` prints. */
function monitor(): { readonly lines: string[]; readonly end: () => Promise<void> } {
  const child = spawn(
    'sh',
    ['-c', `redis-cli -p ${redis.port} MONITOR | grep --line-buffered lock:session`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => lines.push(line));
  return {
    lines,
    end: async () => {
      const closed = once(child, 'close');
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await closed;
    },
  };
}

it('goes on while Redis is stopped, and shows in Redis what the documentation says', async () => {
  const [first, second] = servers;
  await first.ok('new', '-d', '-n', 'work', '--', 'cat');
  await second.ok('new', '-d', '-n', 'other', '--', 'cat');
  await untilMode('hybrid');
  for (const server of servers)
    await untilLogged(server, 'Redis connected successfully - using hybrid cache mode');

  const clients = [first.open(['attach', 'work']), second.open(['attach', 'work'])] as const;
  const [{ id }] = await first.json<[{ id: string }]>('ls');
  const keys = async () => (await redis.cli('KEYS', 'triterm:*')).split('\n');
  await until(
    async () => (await keys()).includes(`triterm:sockets:${id}`) && (await entry(id)) !== undefined,
    'the session and its sockets in Redis',
  );
  expect(await keys()).toEqual(
    expect.arrayContaining([`triterm:session:${id}`, `triterm:socket-details:${id}`]),
  );
  expect(await entry(id)).toMatchObject({ name: 'work', version: expect.any(Number) });

  const watched = monitor();
  try {
    await until(async () => {
      await second.ok('sessions', 'resize', 'work', `${80 + watched.lines.length}x24`);
      await first.ok('sessions', 'label', 'work', `seen=${watched.lines.length}`);
      return watched.lines.some(line => line.includes(`triterm:lock:session:${id}`));
    }, 'a lock of the session in MONITOR');
  } finally {
    await watched.end();
  }

  await redis.kill();
  await untilMode('in-memory');
  for (const server of servers) await untilLogged(server, 'Redis connection failed - using in-memory mode');
  for (const [at, client] of clients.entries()) {
    client.type(`typed at ${at}\n`);
    await first.ok('wait', 'work', '--text', `typed at ${at}`);
  }
  await second.ok('sessions', 'rename', 'work', 'play');
  await second.ok('new', '-d', '-n', 'made-meanwhile', '--', 'cat');
  const names = async (of: Triterm) =>
    (await of.json<{ name: string }[]>('ls', '--all')).map(({ name }) => name).toSorted();
  for (const server of servers) expect(await names(server)).toEqual(['made-meanwhile', 'other', 'play']);

  await redis.restart();
  await untilMode('hybrid');
  for (const server of servers)
    await untilLogged(server, 'Redis connected successfully - using hybrid cache mode', 2);
  await until(async () => (await entry(id))?.name === 'play', 'the new name in Redis');
  for (const server of servers) {
    const shown = await server.json<{ agree: boolean }>('cache', 'show', id);
    expect(shown.agree).toBe(true);
  }
  await until(async () => (await keys()).includes(`triterm:sockets:${id}`), 'the sockets in Redis again');
  expect((await first.ok('capture', 'play')).split('\n').filter(line => line.startsWith('typed'))).toEqual([
    'typed at 0',
    'typed at 0',
    'typed at 1',
    'typed at 1',
  ]);
  // What nobody has cached is a miss; what its owner has just put into Redis, a hit for everybody else.
  await until(
    async () => {
      await first.ok('cache', 'invalidate', id);
      await second.ok('sessions', 'show', id);
      await first.ok('sessions', 'label', id, `looked=${Date.now()}`);
      await second.ok('sessions', 'show', id);
      return ['MISS', 'HIT'].every(outcome => log(second).includes(`Session cache ${outcome}`));
    },
    'reads that a cache could answer, and could not',
    20_000,
  );
  for (const client of clients) client.type('\u001c');
  await Promise.all(clients.map(client => client.exited));
});
