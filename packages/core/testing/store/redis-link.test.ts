import { newToken } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../src/sandbox/fault-proxy.ts';
import { eventually } from '../../src/sandbox/redis-process.ts';
import { RedisServer } from '../../src/sandbox/redis-server.ts';
import type { RedisLink, RedisScript } from '../../src/store/redis/redis-link.ts';
import { awakeMs } from '../awake-time.ts';
import { Inbox } from './event-inbox.ts';
import { connectedLink, type Witness } from './redis-witness.ts';

/** Far above the deadline on a busy machine, far below any other wait. */
const SOON_MS = 500;
const ECHO: RedisScript = { name: 'echo', source: 'return {KEYS[1], ARGV[1]}' };
const TIMEOUT = { code: 'CACHE_UNAVAILABLE', details: { failure: 'timeout' } };

const setTo = (link: RedisLink, key: string, value: string, deadlineMs?: number) =>
  link.command('set', client => client.set(key, value), deadlineMs);
const textAt = (link: RedisLink, key: string, deadlineMs = 2000) =>
  link.command('get', client => client.get(key), deadlineMs);

describe('the link to Redis', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let link: RedisLink;
  let witness: Witness;
  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await FaultProxy.start({ port: server.port });
    ({ link, witness } = await connectedLink({ topology: 'single', host: proxy.host, port: proxy.port }));
  });
  afterEach(async () => {
    await link.close();
    await proxy.dispose();
    await server.dispose();
  });

  const back = (times: number) => witness.until(({ timesConnected }) => timesConnected >= times);

  it('shows itself under its name', async () => {
    expect(await server.cli('CLIENT', 'LIST')).toContain('name=triterm');
  });

  it('rejects every command within its deadline while Redis hangs, and goes on when it wakes', async () => {
    await setTo(link, 'triterm:k', 'before', 2000);
    server.signal('SIGSTOP');
    const beganMs = awakeMs();
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 50 }, () => link.command('get', client => client.get('triterm:k'))),
      link.script(ECHO, ['triterm:k'], [1]),
      link.scripts(ECHO, [{ keys: ['triterm:k'], args: [1] }]),
    ]);
    const tookMs = awakeMs() - beganMs;
    expect(tookMs).toBeGreaterThan(45);
    expect(tookMs).toBeLessThan(SOON_MS);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: TIMEOUT });
    expect(witness.outcomes.filter(outcome => outcome === 'timeout')).toHaveLength(52);
    server.signal('SIGCONT');
    await expect.poll(() => textAt(link, 'triterm:k').catch(() => undefined)).toBe('before');
  });

  it('fails as a drill wants it to, and finds back when the drill ends', async () => {
    await setTo(link, 'triterm:k', 'v', 2000);
    link.disturb({ kind: 'down' });
    await witness.until(({ reasons }) => reasons.length > 0);
    await expect(textAt(link, 'triterm:k')).rejects.toMatchObject({ details: { failure: 'disconnected' } });
    link.disturb(undefined);
    await back(2);
    expect(await textAt(link, 'triterm:k')).toBe('v');

    link.disturb({ kind: 'hang' });
    await expect(textAt(link, 'triterm:k', 50)).rejects.toMatchObject(TIMEOUT);
    link.disturb(undefined);
    await back(3);
    expect(await textAt(link, 'triterm:k')).toBe('v');

    link.disturb({ kind: 'slow', latencyMs: 150 });
    await expect(textAt(link, 'triterm:k', 50)).rejects.toMatchObject(TIMEOUT);
    expect(await textAt(link, 'triterm:k', 2000)).toBe('v');
    link.disturb(undefined);
    await back(4);
  });

  it('tells its listeners of a gap after a drill in which nothing came through', async () => {
    const inbox = new Inbox();
    const end = await link.subscribe(['triterm:c'], inbox);
    link.disturb({ kind: 'hang' });
    await server.cli('PUBLISH', 'triterm:c', 'unheard');
    link.disturb(undefined);
    await inbox.until(({ gaps }) => gaps > 0);
    expect(inbox.messages).toEqual([]);
    await end();
  });

  it('lets no more than 10,000 commands wait', async () => {
    server.signal('SIGSTOP');
    const waiting = Array.from({ length: 10_000 }, () => textAt(link, 'triterm:k', 500));
    await expect(textAt(link, 'triterm:k')).rejects.toMatchObject({
      message: expect.stringContaining('10000 commands wait'),
      details: { failure: 'timeout' },
    });
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome.status).toBe('rejected');
  });

  it('gives up a connection that owes answers and is silent, and finds back', async () => {
    server.signal('SIGSTOP');
    await expect(textAt(link, 'triterm:k', 50)).rejects.toMatchObject(TIMEOUT);
    await witness.until(({ reasons }) => reasons.length > 0);
    const beganMs = awakeMs();
    await expect(textAt(link, 'triterm:k')).rejects.toMatchObject({ details: { failure: 'disconnected' } });
    expect(awakeMs() - beganMs).toBeLessThan(SOON_MS);
    server.signal('SIGCONT');
    await back(2);
  });

  it('counts an answer that came in time although the process was too busy to read it', async () => {
    // Not by the proxy: it is in this process, and as busy.
    const { host, port } = server;
    const { link: direct } = await connectedLink({ topology: 'single', host, port });
    await textAt(direct, 'triterm:k');
    const answer = textAt(direct, 'triterm:k', 50);
    await new Promise(resolve => process.nextTick(resolve));
    const untilMs = performance.now() + 200;
    while (performance.now() < untilMs);
    expect(await answer).toBeNull();
    await direct.close();
  });

  it('ignores what comes late, and gives the next command its own answer', async () => {
    await setTo(link, 'triterm:a', 'a', 2000);
    await setTo(link, 'triterm:b', 'b', 2000);
    proxy.set({ kind: 'delay', ms: 200, direction: 'toClient' });
    await expect(textAt(link, 'triterm:a', 50)).rejects.toMatchObject(TIMEOUT);
    await proxy.heal();
    expect(await textAt(link, 'triterm:b')).toBe('b');
  });

  it('does not send again what was on its way when the connection broke', async () => {
    proxy.set({ kind: 'halfOpen', direction: 'toClient' });
    const lost = link.command('incr', client => client.incr('triterm:n'), 2000);
    lost.catch(() => {});
    await expect.poll(() => server.cli('GET', 'triterm:n')).toBe('1');
    proxy.cut();
    await expect(lost).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      details: { failure: 'disconnected' },
    });
    await proxy.heal();
    await back(2);
    await textAt(link, 'triterm:n');
    expect(await server.cli('GET', 'triterm:n')).toBe('1');
  });

  it('keeps nothing for later while there is no connection', async () => {
    await proxy.refuse();
    await witness.until(({ reasons }) => reasons.length > 0);
    const beganMs = awakeMs();
    await expect(setTo(link, 'triterm:k', 'late', 2000)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      details: { failure: 'disconnected' },
    });
    expect(awakeMs() - beganMs).toBeLessThan(SOON_MS);
    await proxy.heal();
    await back(2);
    expect(await textAt(link, 'triterm:k')).toBeNull();
  });

  it('is back by itself after Redis was killed and started again, and shows another identity', async () => {
    const before = await link.identity();
    await server.kill();
    await witness.until(({ reasons }) => reasons.length > 1);
    await server.restart();
    await back(2);
    const after = await link.identity();
    expect(after).toMatchObject({ master: true, version: before.version });
    expect(after.identity).not.toBe(before.identity);
    expect(await link.info()).toMatchObject({ reconnects: 1, lastError: null, topology: 'single' });
  });

  it('takes no server that is still loading its data', async () => {
    await server.dispose();
    const slow = ['rdbcompression no', 'key-load-delay 20000', 'loading-process-events-interval-bytes 1024'];
    const config = ['save 3600 1000000', ...slow];
    server = await RedisServer.start({ port: server.port, config });
    await back(2);
    await server.cli('EVAL', "for i = 1, 60 do redis.call('SET', 'key' .. i, string.rep(i, 99)) end", '0');
    await server.cli('SAVE');
    await server.kill();
    const restarted = server.restart();
    await eventually('it loads', () =>
      server.cli('GET', 'k').then(
        () => false,
        (error: Error) => error.message.includes('LOADING'),
      ),
    );
    expect(witness.timesConnected).toBe(2);
    await restarted;
    await back(3);
    expect(await textAt(link, 'key7')).toBe('7'.repeat(99));
  });

  it.each([
    ['half open towards the server', { kind: 'halfOpen', direction: 'toServer' }],
    ['half open towards us', { kind: 'halfOpen', direction: 'toClient' }],
    ['half open both ways', { kind: 'halfOpen' }],
  ] as const)('notices a connection that is %s, and is back when that is over', async (_, fault) => {
    proxy.set(fault);
    await expect(textAt(link, 'triterm:k', 50)).rejects.toMatchObject(TIMEOUT);
    await witness.until(({ reasons }) => reasons.length > 0);
    await proxy.heal();
    await back(2);
    expect(await textAt(link, 'triterm:k')).toBeNull();
  });

  it('understands answers that come byte by byte', async () => {
    await setTo(link, 'triterm:k', 'ünïcödé', 2000);
    proxy.set({ kind: 'byteSlow', ms: 1 });
    expect(await textAt(link, 'triterm:k')).toBe('ünïcödé');
  });

  it('runs a script by its digest, many in one pipeline, and names it when it is broken', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => ({ keys: [`triterm:${index}`], args: [index] }));
    expect(await link.scripts(ECHO, calls, 2000)).toEqual(
      calls.map(({ keys, args }) => [keys[0], String(args[0])]),
    );
    expect(await link.script(ECHO, ['triterm:k'], ['v'], 2000)).toEqual(['triterm:k', 'v']);
    await expect(
      link.script({ name: 'broken', source: 'return redis.call("NOSUCH")' }, [], [], 2000),
    ).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringContaining('broken'),
      details: { failure: 'error' },
    });
  });

  it('scans own keys only, up to a bound', async () => {
    await server.cli('MSET', 'triterm:session:1', 'a', 'triterm:session:2', 'b', 'session:3', 'c');
    expect((await link.scan('session:*', 100)).toSorted()).toEqual([
      'triterm:session:1',
      'triterm:session:2',
    ]);
    expect(await link.scan('*', 1)).toHaveLength(1);
    expect(await link.scan('lock:*', 100)).toEqual([]);
  });

  it('tells what can be learned of the server, and nothing when it can’t be asked', async () => {
    expect(await link.info()).toEqual({
      topology: 'single',
      endpoint: `127.0.0.1:${proxy.port}`,
      tls: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      usedMemoryBytes: expect.any(Number),
      maxMemoryBytes: 0,
      evictionPolicy: 'noeviction',
      reconnects: 0,
      lastError: null,
    });
    await proxy.refuse();
    await witness.until(({ reasons }) => reasons.length > 1);
    expect(await link.info()).toMatchObject({
      version: null,
      usedMemoryBytes: null,
      lastError: expect.stringContaining('ECONNREFUSED'),
    });
  });

  describe('a subscription', () => {
    const listen = async () => {
      const inbox = new Inbox();
      const end = await link.subscribe(['triterm:one', 'triterm:two'], {
        message: (channel, text) => inbox.message(`${channel} ${text}`),
        gap: () => inbox.gap(),
      });
      return { inbox, end };
    };
    const publish = (text: string) => server.cli('PUBLISH', 'triterm:two', text);

    it('tells the channel and the text, until it is ended', async () => {
      const { inbox, end } = await listen();
      await publish('hello');
      await inbox.until(({ messages }) => messages.includes('triterm:two hello'));
      await end();
      await expect.poll(() => server.cli('PUBSUB', 'CHANNELS')).toBe('');
    });

    it('tells of a gap when the connection was lost, and once more when it is there again', async () => {
      const { inbox } = await listen();
      proxy.cut();
      await inbox.until(({ gaps }) => gaps === 2);
      await publish('again');
      await inbox.until(({ messages }) => messages.includes('triterm:two again'));
    });

    it('notices a connection that is half open although nobody publishes', async () => {
      const { inbox } = await listen();
      proxy.set({ kind: 'halfOpen' });
      await inbox.until(({ gaps }) => gaps === 1);
      await proxy.heal();
      await inbox.until(({ gaps }) => gaps === 2);
    });

    it('that cannot be had is refused at a deadline', async () => {
      await proxy.refuse();
      await expect(listen()).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE' });
    });
  });

  it('rejects at once after it was closed, and leaves no connection', async () => {
    const inbox = new Inbox();
    await link.subscribe([`triterm:${newToken()}`], { message: () => {}, gap: () => inbox.gap() });
    const waiting = link.command('get', client => client.get('triterm:k'), 2000);
    await link.close();
    await waiting.catch(() => {});
    await expect(textAt(link, 'triterm:k')).rejects.toMatchObject({ details: { failure: 'disconnected' } });
    await expect.poll(() => proxy.connections.open).toBe(0);
    await link.close();
  });
});
