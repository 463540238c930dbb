import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newSessionId } from '@triterm/core/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../src/sandbox/fault-proxy.ts';
import { eventually } from '../../src/sandbox/redis-process.ts';
import { RedisServer, type RedisServerOptions } from '../../src/sandbox/redis-server.ts';
import { connectRedis } from '../../src/store/redis/connect.ts';
import { RedisSessionCache } from '../../src/store/redis/redis-cache.ts';
import { RedisEventChannel } from '../../src/store/redis/redis-channel.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';
import { EPOCHS, exampleRow } from './cache-contract.ts';
import { Inbox } from './event-inbox.ts';
import { connectedLink, Witness } from './redis-witness.ts';

const SECRET = 'correct-horse-battery';
const WRONG = 'wrong-horse-battery';

describe('a Redis that can’t be used is named, and why', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const start = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
    const server = await RedisServer.start(options);
    cleanups.push(() => server.dispose());
    return server;
  };
  const at = (server: { host: string; port: number }, more: object = {}): RedisSettings => ({
    topology: 'single',
    host: server.host,
    port: server.port,
    ...more,
  });
  const connected = async (settings: RedisSettings): Promise<RedisLink> => {
    const { link } = await connectedLink({ commandTimeoutMs: 2000, ...settings });
    cleanups.push(() => link.close());
    return link;
  };
  /** What the link says after some attempts, and what a command then rejects with. */
  const refused = async (settings: RedisSettings, attempts = 2) => {
    const witness = new Witness();
    const link = connectRedis({ connectTimeoutMs: 500, ...settings }, witness);
    cleanups.push(() => link.close());
    await witness.until(({ reasons }) => reasons.length >= attempts);
    expect(witness.timesConnected).toBe(0);
    const error: unknown = await link
      .command('get', client => client.get('k'))
      .catch((thrown: unknown) => thrown);
    expect(`${witness.reasons} ${error} ${JSON.stringify(error)}`).not.toMatch(/horse/);
    return { witness, error, link };
  };
  const seeded = async (link: RedisLink) => {
    const cache = new RedisSessionCache(link);
    const id = newSessionId();
    const outcome = await cache.put(exampleRow(id, 1), EPOCHS);
    if (outcome.kind === 'absent') await cache.fill(exampleRow(id, 1), EPOCHS, outcome.fillToken);
    return { cache, id };
  };

  it('wrong password, and a missing one', async () => {
    const server = await start({ password: SECRET });
    for (const login of [{ password: WRONG }, { username: 'nobody', password: WRONG }, {}]) {
      const { error } = await refused(at(server, login));
      expect(error).toMatchObject({
        code: 'CACHE_REFUSED',
        message: expect.stringMatching(/refuses user or password.*REDIS_PASSWORD.*(WRONGPASS|NOAUTH)/),
        details: { failure: 'auth' },
      });
    }
  });

  it('goes in by itself when the password was put right on the server', async () => {
    const server = await start({ password: SECRET });
    const { witness, link } = await refused(at(server, { password: WRONG }));
    await server.cli('CONFIG', 'SET', 'requirepass', WRONG);
    await witness.until(({ timesConnected }) => timesConnected === 1);
    expect(await link.command('ping', client => client.ping(), 2000)).toBe('PONG');
  });

  it('a database number that does not exist: no other one is used in its place', async () => {
    const server = await start();
    const { error } = await refused(at(server, { db: 99 }));
    expect(error).toMatchObject({
      code: 'CACHE_REFUSED',
      message: expect.stringMatching(/has no database 99.*REDIS_DB/),
    });
    expect(await server.cli('INFO', 'keyspace')).not.toContain('db0:');
  });

  it('TLS where plain text is spoken, and plain text where TLS is', async () => {
    const [plain, secure] = [await start(), await start({ tls: true })];
    const tlsToPlain = await refused(at(plain, { tls: {} }), 1);
    expect(tlsToPlain.error).toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('does it speak TLS'),
    });
    const plainToTls = await refused(at(secure));
    expect(plainToTls.error).toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('does it want TLS'),
    });
  });

  it('a certificate that nobody vouches for', async () => {
    const server = await start({ tls: true });
    const { error } = await refused(at(server, { tls: {} }));
    expect(error).toMatchObject({ message: expect.stringMatching(/self-signed certificate/) });
    const trusted = await connected(at(server, { tls: { ca: server.ca } }));
    expect((await trusted.info()).tls).toBe(true);
  });

  it('a Redis that is too old, with the version found and needed', async () => {
    const server = await start();
    const rewrite = (chunk: Buffer) =>
      Buffer.from(
        chunk.toString('latin1').replace(/redis_version:\d+\.\d+\.(\d+)/, 'redis_version:6.0.$1'),
        'latin1',
      );
    const proxy = await FaultProxy.start({ port: server.port, rewrite });
    cleanups.push(() => proxy.dispose());
    const { error } = await refused(at(proxy));
    expect(error).toMatchObject({
      code: 'CACHE_REFUSED',
      message: expect.stringMatching(/is of version 6\.0\.\d+; 6\.2 or newer is needed/),
    });
  });

  it('a host that is not there', async () => {
    const { error } = await refused({ topology: 'single', host: '127.0.0.1', port: 1 });
    expect(error).toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      details: { failure: 'disconnected' },
    });
    const unknown = await refused({ topology: 'single', host: 'redis.invalid', port: 6379 });
    expect(unknown.error).toMatchObject({ details: { failure: 'disconnected' } });
  });

  it('a replica: writes are refused as readonly', async () => {
    const master = await start();
    const replica = await start({ config: [`replicaof 127.0.0.1 ${master.port}`] });
    const link = await connected(at(replica));
    await expect(
      new RedisSessionCache(link).put(exampleRow(newSessionId(), 1), EPOCHS),
    ).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      details: { failure: 'readonly' },
    });
  });

  it('a replica: its identity says so, and another connection is looked for', async () => {
    const master = await start();
    const replica = await start({ config: [`replicaof 127.0.0.1 ${master.port}`] });
    const link = await connected(at(replica));
    const lost = new Promise<void>(resolve => {
      link.observe({ connected() {}, disconnected: () => resolve(), settled() {}, topologyChanged() {} });
    });
    expect((await link.identity()).master).toBe(false);
    await lost;
  });

  it('memory is full and nothing may go: writes are refused, reads are answered', async () => {
    const server = await start({ config: ['maxmemory-policy noeviction'] });
    const link = await connected(at(server));
    const { cache, id } = await seeded(link);
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    await expect(cache.put(exampleRow(newSessionId(), 1), EPOCHS)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('maxmemory'),
      details: { failure: 'oom' },
    });
    // What is there is still replaced: an old value would be worse than a few bytes.
    expect(await cache.put(exampleRow(id, 2), EPOCHS)).toEqual({ kind: 'stored' });
    expect(await cache.get(id, EPOCHS, 0)).toEqual({ kind: 'hit', row: exampleRow(id, 2) });
    expect(await cache.get(newSessionId(), EPOCHS, 0)).toEqual({
      kind: 'miss',
      reason: 'absent',
      fillToken: undefined,
    });
    expect(await link.info()).toMatchObject({ maxMemoryBytes: 1, evictionPolicy: 'noeviction' });
  });

  it('it cannot save and takes no writes', async () => {
    const config = ['save 3600 1000000', 'stop-writes-on-bgsave-error yes', 'dbfilename taken.rdb'];
    const server = await start({ config });
    const link = await connected(at(server));
    const { cache, id } = await seeded(link);
    // Root may write everywhere, but not over a directory.
    mkdirSync(join(server.dir, 'taken.rdb'));
    await server.cli('BGSAVE');
    await eventually('the save has failed', async () =>
      (await server.cli('INFO', 'persistence')).includes('last_bgsave_status:err'),
    );
    await expect(cache.put(exampleRow(id, 2), EPOCHS)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('cannot save'),
      details: { failure: 'misconf' },
    });
    expect(await cache.get(id, EPOCHS, 0)).toMatchObject({ kind: 'hit' });
  });

  describe('an ACL rule forbids', () => {
    const ALL = ['on', '>secret', '+@all', '-@dangerous', '+info', '+role', '+config|get'];
    const asUser = async (...rules: string[]) => {
      const server = await start();
      await server.cli('ACL', 'SETUSER', 'triterm', ...ALL, ...rules);
      const login = { username: 'triterm', password: 'secret' };
      return { server, link: await connected(at(server, login)) };
    };

    it('nothing to the documented minimum', async () => {
      const { link } = await asUser('~triterm:*', '&triterm:*');
      const { cache, id } = await seeded(link);
      expect(await cache.put(exampleRow(id, 2), EPOCHS)).toEqual({ kind: 'stored' });
      expect(await cache.invalidate(id)).toBe(true);
      const channel = new RedisEventChannel(link);
      const inbox = new Inbox();
      await channel.subscribe(inbox);
      await channel.publish('heard');
      await inbox.until(({ messages }) => messages.includes('heard'));
      await channel.close();
      expect(await link.scan('*', 10)).toEqual([]);
      expect(await link.identity()).toMatchObject({ master: true });
    });

    it('the channel: put, publish and subscribe are refused as noperm', async () => {
      const { link } = await asUser('~triterm:*', 'resetchannels');
      const cache = new RedisSessionCache(link);
      const noperm = { code: 'CACHE_REFUSED', details: { failure: 'noperm' } };
      await expect(cache.put(exampleRow(newSessionId(), 1), EPOCHS)).rejects.toMatchObject(noperm);
      const channel = new RedisEventChannel(link);
      await expect(channel.publish('x')).rejects.toMatchObject(noperm);
      await expect(channel.subscribe(new Inbox())).rejects.toMatchObject(noperm);
      await channel.close();
    });

    it('the keys, or scripts', async () => {
      const noperm = { code: 'CACHE_REFUSED', details: { failure: 'noperm' } };
      for (const rules of [
        ['~other:*', '&triterm:*'],
        ['~triterm:*', '&triterm:*', '-evalsha'],
      ]) {
        const { link } = await asUser(...rules);
        const cache = new RedisSessionCache(link);
        await expect(cache.put(exampleRow(newSessionId(), 1), EPOCHS)).rejects.toMatchObject(noperm);
      }
    });
  });

  it('what cannot be is refused at once', () => {
    const node = { host: '127.0.0.1', port: 1 };
    for (const settings of [
      { topology: 'cluster', nodes: [node], db: 1 },
      { topology: 'cluster', nodes: [] },
      { topology: 'sentinel', sentinels: [], name: 'm' },
    ] as const)
      expect(() => connectRedis(settings)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});
