import type { EventChannel } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { awakeMs } from '../awake-time.ts';
import { Program } from '../program.ts';
import { eventChannelContract } from './event-channel-contract.ts';
import { PostgresHarness } from './postgres-harness.ts';

const TERMINATE_LISTENERS =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' OR query = 'SELECT 1'";

eventChannelContract('LISTEN/NOTIFY', async () => {
  const own = await startPostgres();
  const harness = await PostgresHarness.on(own);
  const opened = await harness.openAll();
  return {
    open: () => opened.openChannel(),
    interrupt: async () => {
      await own.query(TERMINATE_LISTENERS);
    },
    dispose: async () => {
      await harness.dispose();
      await own.dispose();
    },
  };
});

describe('the channel over NOTIFY', () => {
  let server: PostgresServer;
  let harness: PostgresHarness;
  let channel: EventChannel;
  const heard: string[] = [];
  const listener = { message: (text: string) => heard.push(text), gap: () => heard.push('-gap-') };
  const gaps = () => heard.filter(text => text === '-gap-').length;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.dispose());
  beforeEach(async () => {
    heard.length = 0;
    harness = await PostgresHarness.on(server);
    channel = (await harness.openAll()).openChannel();
  });
  afterEach(async () => {
    await channel.close();
    await harness.dispose();
  });

  it('keeps equal messages apart, however fast they come', async () => {
    await channel.subscribe(listener);
    const sent = Array.from({ length: 100 }, (_, i) => `${i % 3}`);
    await Promise.all(sent.map(text => channel.publish(text)));
    await expect.poll(() => heard).toEqual(sent);
  });

  it('goes over processes, both ways', async () => {
    const program = new Program(new URL('./programs/postgres-listener.ts', import.meta.url), [harness.url]);
    try {
      await program.until(lines => lines.includes('listening'));
      await channel.subscribe(listener);
      await channel.publish('to you');
      await program.until(lines => lines.includes('message to you'));
      program.send('to me');
      await expect.poll(() => heard).toEqual(['to you', 'to me']);
    } finally {
      await program.dispose();
    }
  });

  it('tells of the gap when its connection was cut, and when it is made anew', async () => {
    await channel.subscribe(listener);
    await server.query(TERMINATE_LISTENERS);
    await expect.poll(gaps, { timeout: 5000 }).toBe(2);
    await channel.publish('after');
    await expect.poll(() => heard).toEqual(['-gap-', '-gap-', 'after']);
  });

  it('comes back after the server was away, and tells of one gap for it all', async () => {
    await channel.subscribe(listener);
    await server.signal('SIGKILL');
    await expect.poll(gaps).toBe(1);
    await expect(channel.publish('nobody')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await server.start();
    await expect.poll(gaps, { timeout: 10_000 }).toBe(2);
    await channel.publish('after');
    await expect.poll(() => heard.at(-1)).toBe('after');
  });

  it('leaves a connection over which nothing comes any more', async () => {
    await channel.subscribe(listener);
    await server.signal('SIGSTOP');
    try {
      await expect.poll(gaps, { timeout: 5000 }).toBe(1);
    } finally {
      await server.signal('SIGCONT');
    }
    await expect.poll(gaps, { timeout: 10_000 }).toBe(2);
  });

  it('fails what waits to be sent when the server hangs, all of it at one deadline', async () => {
    await server.signal('SIGSTOP');
    try {
      const began = awakeMs();
      const sent = await Promise.allSettled(Array.from({ length: 2000 }, (_, i) => channel.publish(`${i}`)));
      expect(awakeMs() - began).toBeLessThan(3500);
      expect(sent.every(({ status }) => status === 'rejected')).toBe(true);
    } finally {
      await server.signal('SIGCONT');
    }
  });

  it('says why it can’t listen, goes on trying, and ends its subscription when it is closed', async () => {
    const wrong = new URL(harness.url);
    wrong.password = 'wrong';
    const { openChannel } = await harness.openAll({ listenUrl: wrong.href });
    const failures: string[] = [];
    const lost = openChannel(({ code }) => failures.push(code));
    const refused = expect(lost.subscribe(listener)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect.poll(() => failures.length).toBeGreaterThan(1);
    expect(new Set(failures)).toEqual(new Set(['STORE_REFUSED']));
    await lost.close();
    await refused;
  });
});
