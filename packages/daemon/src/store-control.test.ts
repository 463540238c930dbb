import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METHODS } from '@triterm/core/protocol/messages';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { storeHandlers } from './server/handlers/store.ts';
import { createStoreControl } from './store-control.ts';
import type { DatabaseSource, StoreSources } from './store-report/sources.ts';
import { storeSources, storeStats } from './store-report/testing/sources.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-control-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

const STATUS = {
  kind: 'sqlite' as const,
  location: '/s/triterm.db',
  schema: 2,
  minCompatible: 2,
  sizeBytes: 4096,
  sessions: 3,
  deleted: 1,
  outbox: 0,
  epochs: { db: 'e', cache: 1 },
};

function control(database: Partial<DatabaseSource> = {}, known: Partial<StoreSources> = {}) {
  const sources = storeSources(known);
  return createStoreControl({ ...sources, database: { ...sources.database, ...database } });
}

describe('the operator’s view of the store', () => {
  it('answers every request in the shape of the protocol', async () => {
    const handlers = storeHandlers(
      control({ admin: { status: async () => STATUS, migrate: async () => ({ from: 1, to: 2 }) } }),
    );
    const asked = {
      'redis.status': {},
      'cache.stats': {},
      'cache.show': { target: 'work' },
      'cache.invalidate': { target: 'work' },
      'locks.list': { limit: 10 },
      'locks.show': { target: 'work' },
      'sockets.list': { limit: 10 },
      'servers.list': {},
      'db.status': {},
      'db.migrate': {},
    } as const;
    for (const [method, params] of Object.entries(asked)) {
      const name = method as keyof typeof asked;
      const handler = handlers[name] as (params: unknown) => Promise<unknown>;
      const answer = await handler(params);
      expect(METHODS[name].result.parse(answer), method).toEqual(answer);
    }
  });

  it('tells what reads were answered by', async () => {
    const stats = storeStats({ reads: 4, l1Hits: 3, misses: 1 }, 2);
    expect(await control({}, { stats: () => stats }).cacheStats({})).toMatchObject({
      reads: { reads: 4 },
      hitRate: 0.75,
      writes: 2,
      perSecond: { windowMs: expect.any(Number) },
    });
  });

  it('says what was cached of what it drops', async () => {
    const cached = { version: 7, epoch: 'e.1', deleted: false, value: {}, ttlMs: 5 };
    let held: typeof cached | undefined = cached;
    const cache = {
      l1: { inspect: () => held },
      redis: undefined,
      floor: () => undefined,
      invalidate: async () => {
        held = undefined;
        return { l1: true, redis: null };
      },
    };
    const { before, removed } = await control({}, { cache }).invalidateEntry({ target: 'work' });
    expect(before.tiers[0]).toMatchObject({ state: 'present', version: 7 });
    expect(removed).toEqual({ l1: true, redis: null });
  });
});

describe('the status of the database', () => {
  it('is there although the database hangs', async () => {
    vi.useFakeTimers();
    const hanging = () => new Promise<never>(() => {});
    const answer = control({ admin: { status: hanging, migrate: hanging } }).databaseStatus({});
    await vi.advanceTimersByTimeAsync(2000);
    expect(await answer).toMatchObject({
      kind: 'sqlite',
      state: 'unavailable',
      reason: 'Database: no answer within 2000 ms.',
      location: null,
      schema: null,
      latencyMs: null,
    });
  });
});

describe('work on the whole database', () => {
  const files = {
    exportTo: async (file: string) => {
      await writeFile(file, 'rows');
      return { session: 2 };
    },
    importFrom: async () => ({ rows: { session: 2 }, dbEpoch: 'new' }),
    backUpTo: (file: string) => writeFile(file, 'copy'),
  };

  it('writes files as a whole and tells what is in them', async () => {
    const out = join(dir, 'out');
    expect(await control({ files }).exportDatabase({ file: out, replace: false })).toEqual({
      file: out,
      rows: { session: 2 },
      bytes: 4,
    });
    expect(await control({ files }).backUpDatabase({ file: out, replace: true })).toEqual({
      file: out,
      bytes: 4,
    });
    expect(readFileSync(out, 'utf8')).toBe('copy');
    expect(readdirSync(dir)).toEqual(['out']);
  });

  it('is done once at a time', async () => {
    const begun = Promise.withResolvers<void>();
    const going = Promise.withResolvers<void>();
    const slow = {
      ...files,
      backUpTo: async (file: string) => {
        begun.resolve();
        await going.promise;
        await files.backUpTo(file);
      },
    };
    const busy = control({ files: slow });
    const first = busy.backUpDatabase({ file: join(dir, 'a'), replace: false });
    await begun.promise;
    await expect(busy.exportDatabase({ file: join(dir, 'b'), replace: false })).rejects.toMatchObject({
      code: 'TOO_MANY_WAITING',
    });
    going.resolve();
    await first;
    await busy.exportDatabase({ file: join(dir, 'b'), replace: false });
  });

  it('imports, and begins again', async () => {
    const restart = vi.fn();
    const result = await control({ files }, { restart }).importDatabase({ file: '/x', replace: true });
    expect(result).toEqual({ file: '/x', rows: { session: 2 }, dbEpoch: 'new' });
    expect(restart).toHaveBeenCalledOnce();
  });

  it('imports nothing while sessions run here, or another server is alive', async () => {
    const { sessions } = storeSources();
    const server = {
      ...{ id: 'b', hostId: 'h', bootId: 'b', stateDir: '/s', advertiseUrl: null },
      ...{ incarnation: 1, draining: false },
    };
    const importFrom = vi.fn(files.importFrom);
    const refused = [
      control({ files: { ...files, importFrom } }, { sessions: { ...sessions, running: () => 2 } }),
      control({
        files: { ...files, importFrom },
        listServers: async () => [{ ...server, leaseLeftMs: 5000 }],
      }),
    ];
    for (const one of refused)
      await expect(one.importDatabase({ file: '/x', replace: true })).rejects.toMatchObject({
        code: 'SESSION_RUNNING',
      });
    expect(importFrom).not.toHaveBeenCalled();
  });

  it('imports although a server that is gone has left its row, and this one has its own', async () => {
    const row = {
      ...{ hostId: 'h', bootId: 'b', stateDir: '/s', advertiseUrl: null },
      ...{ incarnation: 1, draining: false },
    };
    const listServers = async () => [
      { ...row, id: 'a', leaseLeftMs: 5000 },
      { ...row, id: 'b', leaseLeftMs: -1 },
    ];
    const restart = vi.fn();
    await control({ files, listServers }, { restart }).importDatabase({ file: '/x', replace: false });
    expect(restart).toHaveBeenCalledOnce();
  });

  it('begins nothing again when an import fails', async () => {
    const importFrom = async () => {
      throw new Error('damaged');
    };
    await expect(
      control({ files: { ...files, importFrom } }).importDatabase({ file: '/x', replace: false }),
    ).rejects.toThrow('damaged');
  });
});
