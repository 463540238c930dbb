import { EventEmitter, once } from 'node:events';
import { TermError } from '@triterm/core/errors';
import type { Database, Epochs, EventChannel, SessionRow } from '@triterm/core/store';
import SqliteFile from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../src/sandbox/redis-server.ts';
import { HybridStore } from '../../src/store/hybrid/hybrid-store.ts';
import type { HybridSettings } from '../../src/store/hybrid/hybrid-tiers.ts';
import { changeMessages, epochMessage } from '../../src/store/hybrid/invalidation.ts';
import { MemorySessionCache } from '../../src/store/memory/memory-cache.ts';
import { MemoryHub } from '../../src/store/memory/memory-channel.ts';
import { KeyNames } from '../../src/store/redis/key-names.ts';
import { RedisSessionCache } from '../../src/store/redis/redis-cache.ts';
import type { LinkIdentity, LinkInfo, LinkObserver, RedisLink } from '../../src/store/redis/redis-link.ts';
import { HybridRegistry } from '../../src/store/registry/hybrid-registry.ts';
import { connectedLink } from './redis-witness.ts';
import { exampleSession, USER } from './session-examples.ts';
import { SqliteHarness } from './sqlite-harness.ts';

const ROOMY = { limit: 1000 };
/** Whatever is waited for comes within this, or never. */
const DEADLINE_MS = 10_000;
/** As in the store. */
const MAX_FLOORS = 100_000;
const SETTINGS: HybridSettings = {
  l1Entries: 1000,
  l1TtlMs: 30_000,
  entryTtlMs: 3_600_000,
  warmEntries: 0,
};

const away = () => new TermError('STORE_UNAVAILABLE', 'The database is away.');

/** A link that answers pings and says who it is; a ping may be kept waiting. */
class TestLink implements RedisLink {
  readonly keys = new KeyNames(false);
  readonly cluster = false;
  readonly #observers: LinkObserver[] = [];
  runId: string;
  #held: Promise<void> | undefined;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** What is asked from now on waits until the function is called. */
  hold(): () => void {
    const held = Promise.withResolvers<void>();
    this.#held = held.promise;
    return () => {
      this.#held = undefined;
      held.resolve();
    };
  }

  timeOut(): void {
    for (const observer of this.#observers) observer.settled('timeout', 50);
  }

  disconnect(): void {
    for (const observer of this.#observers) observer.disconnected('cut');
  }

  connect(): void {
    for (const observer of this.#observers) observer.connected();
  }

  async command<T>(what: string): Promise<T> {
    if (what !== 'ping') throw new Error(`no ${what} here`);
    await this.#held;
    for (const observer of this.#observers) observer.settled('ok', 1);
    return 'PONG' as T;
  }

  async identity(): Promise<LinkIdentity> {
    return { identity: this.runId, master: true, version: '7.0.0' };
  }

  observe(observer: LinkObserver): void {
    this.#observers.push(observer);
  }

  disturb(): void {}

  async script(): Promise<unknown> {
    throw new Error('no scripts here');
  }
  async scripts(): Promise<unknown[]> {
    throw new Error('no scripts here');
  }
  async subscribe(): Promise<() => Promise<void>> {
    throw new Error('no channels here');
  }
  async scan(): Promise<string[]> {
    return [];
  }
  info(): Promise<LinkInfo> {
    throw new Error('no INFO here');
  }
  async close(): Promise<void> {}
}

/** A hub that can keep messages of a kind back, and remembers what went over it. */
class Bus {
  readonly hub = new MemoryHub();
  readonly passed: string[] = [];
  /** Messages that begin so are lost. */
  lost: string[] = [];

  channel(): EventChannel {
    const inner = this.hub.channel();
    return {
      publish: async message => {
        if (this.lost.some(kind => message.startsWith(kind))) return;
        this.passed.push(message);
        await inner.publish(message);
      },
      subscribe: listener => inner.subscribe(listener),
      close: () => inner.close(),
    };
  }

  /** Told to all, and heard by them when it resolves. */
  async tell(message: string): Promise<void> {
    await this.hub.channel().publish(message);
    await new Promise(resolve => setImmediate(resolve));
  }
}

const CHANGES = '{"c":';
const HEARTBEATS = '{"h":';

type Method = 'read' | 'update' | 'epochs' | 'adoptCache' | 'bumpCacheEpoch' | 'listOutbox';

/** A database some of whose answers are late, or never come. */
class Gated {
  readonly database: Database;
  readonly #late = new Map<Method, { reached: () => void; opened: Promise<void> }>();
  readonly #failing = new Set<Method>();
  readonly #calls = new Map<Method, number>();

  constructor(inner: Database) {
    this.database = new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#call(name as Method, () => Reflect.apply(member, target, args));
      },
    });
  }

  /** The next call is carried out at once; its answer waits for `open`. */
  delay(method: Method): { reached: Promise<void>; open: () => void } {
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    this.#late.set(method, { reached: reached.resolve, opened: opened.promise });
    return { reached: reached.promise, open: opened.resolve };
  }

  /** How often it was called. */
  calls(method: Method): number {
    return this.#calls.get(method) ?? 0;
  }

  /** Calls are refused from now on. */
  refuse(method: Method): void {
    this.#failing.add(method);
  }

  async #call(name: Method, work: () => unknown): Promise<unknown> {
    this.#calls.set(name, this.calls(name) + 1);
    if (this.#failing.has(name)) throw away();
    const late = this.#late.get(name);
    this.#late.delete(name);
    if (late === undefined) return work();
    const answer = await work();
    late.reached();
    await late.opened;
    return answer;
  }
}

interface Server {
  readonly store: HybridStore;
  readonly link: TestLink;
  readonly gated: Gated;
  until(state: string): Promise<void>;
}

describe('the hybrid store under awkward interleavings', () => {
  let harness: SqliteHarness;
  let changes: Bus;
  let events: Bus;
  let cache: MemorySessionCache;
  let servers: Server[];
  /** The database as a server sees it that was killed between its commit and everything after it. */
  let database: Database;
  beforeEach(async () => {
    harness = new SqliteHarness();
    database = await harness.open();
    changes = new Bus();
    events = new Bus();
    cache = cacheOf(events);
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map(({ store }) => store.close()));
    await harness.dispose();
  });

  const cacheOf = (bus: Bus) => {
    const publisher = bus.channel();
    return new MemorySessionCache({
      publish: ({ id, rev }) => {
        for (const message of changeMessages([{ id, rev }])) void publisher.publish(message);
      },
    });
  };

  const open = async (
    sender: string,
    redis: { cache: MemorySessionCache; events: Bus; runId: string } = { cache, events, runId: 'redis-1' },
  ): Promise<Server> => {
    const gated = new Gated(await harness.open());
    const link = new TestLink(redis.runId);
    const emitter = new EventEmitter();
    const store = new HybridStore(
      {
        sender,
        database: gated.database,
        changes: changes.channel(),
        redis: { link, cache: redis.cache, events: redis.events.channel() },
        settings: SETTINGS,
        modeChanged: () => emitter.emit('changed'),
      },
      await database.epochs(),
    );
    const until = async (state: string) => {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      while (store.health()?.state !== state) await once(emitter, 'changed', { signal });
    };
    const server = { store, link, gated, until };
    servers.push(server);
    store.start();
    await until('up');
    return server;
  };

  /** A session in the database with nothing left to do for it, known in memory of the server. */
  const settled = async (server: Server): Promise<SessionRow> => {
    const row = await database.create(exampleSession('work'), ROOMY);
    await database.clearOutbox([{ id: row.id, rev: row.rev }]);
    expect((await server.store.get(row.id))?.rev).toBe(row.rev);
    expect((await server.store.read(row.id)).source).toBe('l1');
    await expect.poll(async () => (await cache.inspect(row.id))?.version).toBe(row.rev);
    return row;
  };

  const silence = (server: Server) => {
    changes.lost = [CHANGES];
    events.lost = [CHANGES];
    server.gated.refuse('listOutbox');
  };

  describe('memory', () => {
    it('does not keep an own write of which a later one was heard before its answer came', async () => {
      const a = await open('a');
      const row = await settled(a);
      const { reached, open: answer } = a.gated.delay('update');
      const own = a.store.update(row.id, { rev: row.rev }, { doc: { title: 'own' } });
      await reached;
      const second = await database.read(row.id);
      const later = await database.update(row.id, { rev: second?.rev ?? 0 }, { doc: { title: 'later' } });
      await changes.tell(changeMessages([later])[0] ?? '');
      answer();
      await own;
      expect((await a.store.get(row.id))?.rev).toBe(later.rev);
    });

    it('keeps a session deleted when its creation is repeated under its key', async () => {
      const a = await open('a');
      const session = exampleSession('work');
      const options = { ...ROOMY, idempotencyKey: 'key' };
      await a.store.create(session, options);
      const gone = await a.store.delete(session.id, {});
      await a.store.create(session, options).catch(() => {});
      expect(await a.store.get(session.id)).toBeUndefined();
      await a.store.close();
      const entry = await cache.inspect(session.id);
      expect(entry === undefined || entry.deleted || entry.version !== gone?.rev).toBe(true);
    });

    it('takes nothing in that was read before it was emptied', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      const { reached, open: answer } = a.gated.delay('read');
      const early = a.store.get(row.id);
      await reached;
      changes.hub.interrupt();
      await a.until('resync');
      await a.until('up');
      answer();
      expect((await early)?.rev).toBe(row.rev);
      expect(a.store.inspectL1(row.id)).toBeUndefined();
    });
  });

  describe('a revision that the database has shown', () => {
    it('is not gone back on after Redis was slow for a moment', async () => {
      const a = await open('a');
      const row = await settled(a);
      silence(a);
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      const answer = a.link.hold();
      a.link.timeOut();
      expect(a.store.health()?.state).toBe('suspect');
      expect((await a.store.get(row.id))?.rev).toBe(later.rev);
      answer();
      await a.until('up');
      expect((await a.store.get(row.id))?.rev).toBe(later.rev);
    });

    it('is not gone back on after it has refused a write', async () => {
      const a = await open('a');
      const row = await settled(a);
      silence(a);
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      await expect(
        a.store.update(row.id, { rev: row.rev }, { doc: { title: 'mine' } }),
      ).rejects.toMatchObject({ code: 'STALE_REVISION' });
      expect((await a.store.get(row.id))?.rev).toBe(later.rev);
    });

    it('is not gone back on after a delete that found nothing left to delete', async () => {
      const a = await open('a');
      const row = await settled(a);
      silence(a);
      await database.delete(row.id, {});
      expect(await a.store.delete(row.id, {})).toBeUndefined();
      expect(await a.store.get(row.id)).toBeUndefined();
    });

    it('is not gone back on after a list', async () => {
      const a = await open('a');
      const row = await settled(a);
      silence(a);
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      expect((await a.store.list(USER)).map(({ rev }) => rev)).toEqual([later.rev]);
      expect((await a.store.get(row.id))?.rev).toBe(later.rev);
    });
  });

  const fillFloors = async ({ store }: Server) => {
    const room = MAX_FLOORS - store.stats().floors;
    const many = Array.from({ length: room }, (_, at) => ({ id: `f${at}`, rev: 1 }));
    for (const message of changeMessages(many)) await changes.hub.channel().publish(message);
    await expect.poll(() => store.stats().floors).toBe(MAX_FLOORS);
  };

  describe('without room for floors', () => {
    it('reads its own writes also while the caches are being voided', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      await database.clearOutbox([{ id: row.id, rev: row.rev }]);
      await fillFloors(a);
      a.gated.refuse('listOutbox');
      const { reached, open: answer } = a.gated.delay('bumpCacheEpoch');
      await changes.tell(changeMessages([{ id: 'one-more', rev: 1 }])[0] ?? '');
      await reached;
      // Another server knows the new epoch already, and fills.
      const second = await database.epochs();
      const miss = await cache.get(row.id, second, 0);
      if (miss.kind !== 'miss' || miss.fillToken === undefined) throw new Error('there is a token');
      expect(await cache.fill(row, second, miss.fillToken)).toBe('stored');
      const own = await a.store.update(row.id, {}, { doc: { title: 'own' } });
      answer();
      await expect.poll(() => a.store.epochs).toEqual(second);
      expect((await a.store.get(row.id))?.rev).toBe(own.rev);
    });

    it('voids the caches once, however much it hears at once', async () => {
      const a = await open('a');
      await fillFloors(a);
      const { cache: before } = a.store.epochs;
      const more = Array.from({ length: 100 }, (_, at) => ({ id: `g${at}`, rev: 1 }));
      for (const message of changeMessages(more)) await changes.tell(message);
      await expect.poll(() => a.store.epochs.cache).toBeGreaterThan(before);
      expect(a.gated.calls('bumpCacheEpoch')).toBe(1);
    });
  });

  describe('flights', () => {
    it('are not joined by who has written since', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      const { reached, open: answer } = a.gated.delay('read');
      const early = a.store.get(row.id);
      await reached;
      const own = await a.store.update(row.id, {}, { doc: { title: 'own' } });
      expect((await a.store.get(row.id))?.rev).toBe(own.rev);
      answer();
      await early;
      expect((await a.store.get(row.id))?.rev).toBe(own.rev);
    });

    it('are not joined by who reads after a gap that they began before', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      await database.clearOutbox([{ id: row.id, rev: row.rev }]);
      const { reached, open: answer } = a.gated.delay('read');
      const early = a.store.get(row.id);
      await reached;
      // Another server writes and has done everything that follows; what it told us is lost in the gap.
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      await database.clearOutbox([{ id: row.id, rev: later.rev }]);
      changes.hub.interrupt();
      await a.until('resync');
      await a.until('up');
      const late = a.store.get(row.id);
      answer();
      await early;
      expect((await late)?.rev).toBe(later.rev);
    });

    it('are not joined by who has written since, when there is no room for floors', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      await database.clearOutbox([{ id: row.id, rev: row.rev }]);
      const { cache: before } = a.store.epochs;
      await fillFloors(a);
      const { reached, open: answer } = a.gated.delay('read');
      const early = a.store.get(row.id);
      await reached;
      const own = await a.store.update(row.id, {}, { doc: { title: 'own' } });
      await expect.poll(() => a.store.epochs.cache).toBeGreaterThan(before);
      const late = a.store.get(row.id);
      answer();
      await early;
      expect((await late)?.rev).toBe(own.rev);
    });
  });

  describe('epochs', () => {
    it('do not go back when an answer comes late', async () => {
      const a = await open('a');
      const first = a.store.epochs;
      const { reached, open: answer } = a.gated.delay('epochs');
      await changes.tell(epochMessage({ db: 'another', cache: 1 }));
      await reached;
      const second = await database.bumpCacheEpoch(first.cache);
      await changes.tell(epochMessage(second));
      expect(a.store.epochs).toEqual(second);
      answer();
      await new Promise(resolve => setImmediate(resolve));
      expect(a.store.epochs).toEqual(second);
    });

    it('are told to the others also when the resynchronisation that raised them was begun anew', async () => {
      const a = await open('a');
      const first = a.store.epochs;
      changes.lost = [HEARTBEATS];
      a.link.disconnect();
      a.link.runId = 'redis-2';
      a.link.connect();
      await expect.poll(() => a.store.epochs.cache).toBeGreaterThan(first.cache);
      expect(changes.passed).not.toContain(epochMessage(a.store.epochs));
      changes.hub.interrupt();
      changes.lost = [];
      await a.until('up');
      expect(changes.passed).toContain(epochMessage(a.store.epochs));
    });

    it('make an entry of an earlier one a miss, which a late writer of the earlier one does not mend', async () => {
      const a = await open('a');
      const row = await settled(a);
      const first: Epochs = a.store.epochs;
      const second = await database.bumpCacheEpoch(first.cache);
      await changes.tell(epochMessage(second));
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      expect(await cache.put(later, first)).toEqual({ kind: 'stored' });
      expect(await a.store.read(row.id)).toMatchObject({ row: { rev: later.rev }, source: 'database' });
      await expect
        .poll(async () => (await cache.inspect(row.id))?.epoch)
        .toBe(`${second.db}.${second.cache}`);
      expect(await cache.put(row, first)).toEqual({ kind: 'epoch' });
    });
  });

  describe('the outbox', () => {
    it('is kept by a server whose Redis is not the one of the others', async () => {
      const a = await open('a');
      const others = { cache: cacheOf(new Bus()), events: new Bus(), runId: 'redis-2' };
      const b = await open('b', others);
      await expect.poll(() => a.store.epochs).toEqual(b.store.epochs);
      const row = await database.create(exampleSession('work'), ROOMY);
      await database.clearOutbox([{ id: row.id, rev: row.rev }]);
      expect((await b.store.get(row.id))?.rev).toBe(row.rev);
      await expect.poll(async () => (await others.cache.inspect(row.id))?.version).toBe(row.rev);
      // It writes to the Redis that the others have left.
      const later = await a.store.update(row.id, {}, { doc: { title: 'later' } });
      await expect.poll(async () => (await database.outboxDepth()).entries, { timeout: 5000 }).toBe(0);
      const c = await open('c', others);
      expect((await c.store.get(row.id))?.rev).toBe(later.rev);
    });
  });

  describe('a resynchronisation', () => {
    it('carries out also what a clock that was set back since has dated into the future', async () => {
      const a = await open('a');
      const row = await settled(a);
      a.link.disconnect();
      const answer = a.link.hold();
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      const clock = new SqliteFile(harness.file);
      clock.exec('UPDATE cache_outbox SET at = at + 3600000');
      clock.close();
      answer();
      a.link.connect();
      await a.until('up');
      expect((await cache.inspect(row.id))?.version).toBe(later.rev);
    });
  });

  describe('while the database is away', () => {
    it('does not bring back what was deleted here', async () => {
      const a = await open('a');
      const row = await settled(a);
      silence(a);
      const answer = a.link.hold();
      a.link.timeOut();
      // Redis is suspect: it is not told.
      await a.store.delete(row.id, {});
      expect((await cache.inspect(row.id))?.version).toBe(row.rev);
      answer();
      await a.until('up');
      a.gated.refuse('read');
      const answered = await a.store.get(row.id).catch((thrown: unknown) => thrown);
      expect(answered === undefined || answered instanceof TermError).toBe(true);
    });
  });

  describe('the registry', () => {
    it('registers under the present incarnation what began to attach under an earlier one', async () => {
      const registry = new HybridRegistry({
        serverId: 'a',
        redis: undefined,
        table: database,
        isUp: () => false,
      });
      registry.adoptIncarnation(6);
      await registry.addSocket({
        socketId: 'socket',
        terminalId: 'terminal',
        userId: USER,
        serverId: 'a',
        incarnation: 5,
        deviceId: 'device',
        deviceName: 'laptop',
        connectedAt: 1,
      });
      const [socket] = await registry.getSocketsForTerminal('terminal');
      registry.close();
      expect(socket?.incarnation).toBe(6);
    });
  });

  describe('a fill token', () => {
    it('of a writer that slept over a newer write and its eviction brings nothing old back', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      await cache.invalidate(row.id);
      const outcome = await cache.put(row, a.store.epochs);
      expect(outcome.kind).toBe('absent');
      expect(await cache.inspect(row.id)).toBeUndefined();
      expect(await a.store.read(row.id)).toMatchObject({ row: { rev: later.rev }, source: 'database' });
    });

    it('of a reader is void after a put', async () => {
      const a = await open('a');
      const row = await database.create(exampleSession('work'), ROOMY);
      const { reached, open: answer } = a.gated.delay('read');
      const early = a.store.get(row.id);
      await reached;
      const later = await database.update(row.id, {}, { doc: { title: 'later' } });
      expect((await cache.put(later, a.store.epochs)).kind).toBe('absent');
      answer();
      await early;
      await expect.poll(() => a.store.stats().fillRejections).toBe(1);
      expect(await cache.inspect(row.id)).toBeUndefined();
    });
  });
});

describe('a Redis that others use too', () => {
  let redis: RedisServer;
  let links: RedisLink[];
  beforeEach(async () => {
    redis = await startRedis();
    links = [];
  });
  afterEach(async () => {
    await Promise.all(links.map(link => link.close()));
    await redis.dispose();
  });

  const connect = async (db: number) => {
    const { link } = await connectedLink({
      topology: 'single',
      host: '127.0.0.1',
      port: redis.port,
      db,
      commandTimeoutMs: 2000,
    });
    links.push(link);
    return link;
  };

  it('takes entries also where something else stands under the key of one', async () => {
    const link = await connect(0);
    const cache = new RedisSessionCache(link);
    const epochs = { db: 'db', cache: 1 };
    await redis.cli('RPUSH', link.keys.session('a'), 'by hand');
    const records = ['a', 'b'].map(id => ({ id, rev: 1, deleted: true }) as const);
    const outcomes = await cache.putAll(records, epochs);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['absent', 'absent']);
    expect(await cache.get('a', epochs, 0)).toMatchObject({ kind: 'miss', reason: 'absent' });
  });

  it('is another one in another of its databases', async () => {
    const [one, other] = [await connect(0), await connect(1)];
    expect((await one.identity()).identity).not.toBe((await other.identity()).identity);
  });
});
