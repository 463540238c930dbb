/**
 * One server's store in a process of its own. Takes orders as lines of JSON from standard input and reports each call that it
 * made, with its time and outcome, on standard output. Ends when standard input does. A promise that rejects with nobody to
 * handle it ends the process with status 70.
 */
import { createInterface } from 'node:readline';
import { TermError } from '../../src/errors/index.ts';
import { type Lock, withLock } from '../../src/store/lock.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { SessionRow, Tombstone, WriteGuard } from '../../src/store/session-store.ts';
import type { Store } from '../../src/store/store.ts';
import { DEFAULT_STORE_SETTINGS } from '../../src/store/store-settings.ts';
import { exampleDoc } from './example-doc.ts';
import { nowMs, type Operation, type OperationKind, observe } from './history.ts';
import { LIMIT, LOCK_WAIT_MS, type Order, type Report, type StoreProcessOptions, USER } from './orders.ts';

const options: StoreProcessOptions = JSON.parse(process.argv[2] ?? '');
const { server, life } = options;
const SERVER_ID = `server-${server}`;
const STALL_LOOK_MS = 20;
const STALL_MS = 60;

let reads = 0;
const held = new Map<string, Lock>();

for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (thrown: unknown) => {
    process.stderr.write(`${event}: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    process.exit(70);
  });

function report(what: Report): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof TermError) return thrown.code;
  return `not a TermError: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
}

interface Call {
  readonly order: number;
  readonly kind: OperationKind;
  readonly id: string;
  readonly guard?: WriteGuard;
  readonly tag?: string;
}

/** Makes a call that returns what became of the row, and reports it. */
async function write(call: Call, work: () => Promise<SessionRow | Tombstone | undefined>): Promise<void> {
  const startMs = nowMs();
  try {
    const record = await work();
    tell(
      call,
      startMs,
      'ok',
      record === undefined
        ? {}
        : { seen: 'deleted' in record ? { rev: record.rev, deleted: true, digest: '' } : observe(record) },
    );
  } catch (thrown) {
    tell(call, startMs, codeOf(thrown), {});
    throw thrown;
  }
}

function tell(call: Call, startMs: number, outcome: string, found: Partial<Operation>): void {
  report({
    report: 'operation',
    operation: { ...call, ...found, server, life, startMs, endMs: nowMs(), outcome },
  });
}

async function read(store: Store, order: number, id: string): Promise<SessionRow | undefined> {
  const call: Call = { order, kind: 'read', id };
  const startMs = nowMs();
  try {
    const { row, stale, source } = await store.sessions.read(id);
    tell(call, startMs, 'ok', { stale, source, ...(row === undefined ? {} : { seen: observe(row) }) });
    return row;
  } catch (thrown) {
    tell(call, startMs, codeOf(thrown), {});
    throw thrown;
  } finally {
    reads += 1;
  }
}

/** `get` marks no answer as old: it is taken for one when the store answered any read so meanwhile, which exempts too many. */
async function get(store: Store, order: number, id: string): Promise<void> {
  const call: Call = { order, kind: 'get', id };
  const before = store.sessions.stats().staleReads;
  const startMs = nowMs();
  try {
    const row = await store.sessions.get(id);
    const stale = store.sessions.stats().staleReads !== before;
    tell(call, startMs, 'ok', { stale, ...(row === undefined ? {} : { seen: observe(row) }) });
  } catch (thrown) {
    tell(call, startMs, codeOf(thrown), {});
    throw thrown;
  } finally {
    reads += 1;
  }
}

/** Reads, adds one, and writes where nobody has written since. */
async function increment(store: Store, order: number, id: string, prefix: string): Promise<void> {
  const row = await read(store, order, id);
  if (row === undefined) return;
  const count = Number(row.doc.labels.count ?? 0) + 1;
  const tag = `${prefix}-${order}`;
  const guard = { rev: row.rev };
  await write({ order, kind: 'increment', id, guard, tag }, () =>
    store.sessions.update(id, guard, { doc: { title: tag, labels: { count: String(count) } } }),
  );
}

async function carryOut(store: Store, order: Order): Promise<unknown> {
  const { sessions, registry, locks } = store;
  const { n } = order;
  switch (order.do) {
    case 'create': {
      const tag = `create-${n}`;
      const { id } = order;
      const doc = exampleDoc(tag);
      await write({ order: n, kind: 'create', id, tag }, () =>
        sessions.create(
          { id, userId: USER, name: id, ownerServer: SERVER_ID, state: 'running', doc },
          { limit: LIMIT },
        ),
      );
      return undefined;
    }
    case 'update': {
      const tag = `update-${n}`;
      await write({ order: n, kind: 'update', id: order.id, tag }, () =>
        sessions.update(order.id, {}, { doc: { title: tag } }),
      );
      return undefined;
    }
    case 'increment':
      await increment(store, n, order.id, 'increment');
      return undefined;
    case 'locked':
      await withLock(locks, `session:${order.id}`, { waitMs: LOCK_WAIT_MS }, () =>
        increment(store, n, order.id, 'locked'),
      );
      return undefined;
    case 'claim': {
      const row = await read(store, n, order.id);
      if (row === undefined) return undefined;
      const tag = `claim-${n}`;
      const guard = { ownerEpoch: row.ownerEpoch };
      await write({ order: n, kind: 'claim', id: order.id, guard, tag }, () =>
        sessions.claim(order.id, guard, SERVER_ID, { doc: { title: tag } }),
      );
      return undefined;
    }
    case 'delete':
      await write({ order: n, kind: 'delete', id: order.id }, () => sessions.delete(order.id, {}));
      return undefined;
    case 'read':
      await read(store, n, order.id);
      return undefined;
    case 'get':
      await get(store, n, order.id);
      return undefined;
    case 'list': {
      const startMs = nowMs();
      const rows = await sessions.list(USER);
      for (const row of rows)
        tell({ order: n, kind: 'list', id: row.id }, startMs, 'ok', { seen: observe(row) });
      return undefined;
    }
    case 'addSocket':
      await registry.addSocket({
        socketId: order.socket,
        terminalId: order.terminal,
        userId: USER,
        serverId: SERVER_ID,
        incarnation: store.lease.incarnation,
        deviceId: `device-${order.socket}`,
        deviceName: 'a device',
        connectedAt: Date.now(),
      });
      return undefined;
    case 'removeSocket':
      return registry.removeSocket(order.terminal, order.socket);
    case 'makePrimary':
      return registry.setPrimarySocket(order.terminal, order.socket);
    case 'registry': {
      const sockets = (await registry.getSocketsForTerminal(order.terminal)).map(({ socketId }) => socketId);
      return { sockets, primary: await registry.getPrimarySocket(order.terminal) };
    }
    case 'stats': {
      const { db, cache } = sessions.epochs;
      return {
        stats: sessions.stats(),
        state: sessions.health()?.state ?? null,
        reads,
        epoch: `${db}.${cache}`,
      };
    }
    case 'lock': {
      const lock = await locks.acquire(order.name, { waitMs: LOCK_WAIT_MS });
      held.set(order.name, lock);
      return lock.token;
    }
    case 'release':
      await held.get(order.name)?.release();
      held.delete(order.name);
      return undefined;
    case 'close':
      await store.close();
      return undefined;
  }
}

function watchStalls(): void {
  let lastMs = nowMs();
  setInterval(() => {
    const thisMs = nowMs();
    if (thisMs - lastMs > STALL_LOOK_MS + STALL_MS)
      report({ report: 'stall', startMs: lastMs, endMs: thisMs });
    lastMs = thisMs;
  }, STALL_LOOK_MS);
}

async function open(): Promise<Store> {
  const { database, redis, leaseMs, l1TtlMs, warmEntries } = options;
  return openStore({
    database:
      database.kind === 'postgres'
        ? database
        : {
            ...database,
            workerUrl: new URL('../../src/store/sqlite/worker.ts', import.meta.url),
            execArgv: ['--conditions=@triterm/source', '--no-warnings'],
          },
    redis: redis ?? undefined,
    server: {
      id: SERVER_ID,
      hostId: 'host',
      bootId: 'boot',
      stateDir: `/state/${server}`,
      advertiseUrl: null,
    },
    settings: {
      ...DEFAULT_STORE_SETTINGS,
      leaseMs,
      leaseRenewMs: Math.round(leaseMs / 3),
      l1TtlMs,
      warmEntries,
    },
    hooks: {
      modeChanged: change => report({ report: 'mode', atMs: nowMs(), change }),
    },
  });
}

try {
  const store = await open();
  watchStalls();
  createInterface({ input: process.stdin })
    .on('line', line => {
      const order: Order = JSON.parse(line);
      const startMs = nowMs();
      carryOut(store, order).then(
        value => report({ report: 'done', n: order.n, outcome: 'ok', tookMs: nowMs() - startMs, value }),
        (thrown: unknown) =>
          report({ report: 'done', n: order.n, outcome: codeOf(thrown), tookMs: nowMs() - startMs }),
      );
    })
    .on('close', () => process.exit(0));
  report({ report: 'ready' });
} catch (thrown) {
  report({
    report: 'failed',
    code: codeOf(thrown),
    message: thrown instanceof Error ? (thrown.stack ?? '') : String(thrown),
  });
  process.exitCode = 1;
  process.exit();
}
