import type { ServerRow } from '@triterm/core/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KnownServer } from './cluster.ts';
import { endpointsElsewhere, knownServer, PolledDirectory } from './server-directory.ts';

function row(id: string, more: Partial<ServerRow> = {}): ServerRow {
  return {
    id,
    hostId: 'host',
    bootId: 'boot',
    stateDir: '/state',
    advertiseUrl: `wss://${id}:7000`,
    incarnation: 1,
    leaseLeftMs: 15_000,
    draining: false,
    ...more,
  };
}

/** A table whose rows a test changes, and how often it was read. */
function table(...rows: ServerRow[]) {
  const self = {
    rows,
    reads: 0,
    fails: false,
    listServers: async () => {
      self.reads += 1;
      if (self.fails) throw new Error('the database is away');
      return self.rows;
    },
  };
  return self;
}

const directories: PolledDirectory[] = [];
async function open(
  from: ReturnType<typeof table>,
  trouble: (thrown: unknown) => void = () => {},
  isOneOfSeveral = false,
) {
  const directory = await PolledDirectory.open({
    table: from,
    ownIds: new Set(['a', 'a-before']),
    isSelf: ({ hostId }) => hostId === 'host',
    isOneOfSeveral,
    trouble,
  });
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) directory.close();
  vi.useRealTimers();
});

describe('the servers that are known', () => {
  it('are alive until their lease has lapsed, and gone since then', () => {
    expect(knownServer(row('b', { leaseLeftMs: 1 }), undefined, 5000)).toMatchObject({
      alive: true,
      unreachableSince: null,
    });
    expect(knownServer(row('b', { leaseLeftMs: -200 }), undefined, 5000)).toMatchObject({
      alive: false,
      unreachableSince: 4800,
    });
  });

  it('have one time for one lapse, and another for the next one', () => {
    const first = knownServer(row('b', { leaseLeftMs: -200 }), undefined, 5000);
    expect(knownServer(row('b', { leaseLeftMs: -1300 }), first, 6000).unreachableSince).toBe(4800);
    const next = row('b', { leaseLeftMs: -100, incarnation: 2 });
    expect(knownServer(next, first, 60_000).unreachableSince).toBe(59_900);
  });

  it('take clients when they are alive, not draining, reachable from everywhere, and others', () => {
    const known = [
      row('a'),
      row('b'),
      row('c', { draining: true }),
      row('d', { leaseLeftMs: -1 }),
      row('e', { advertiseUrl: null }),
      row('f', { advertiseUrl: 'ws://127.0.0.1:7443' }),
      row('g', { advertiseUrl: 'wss://[::1]:7443' }),
    ].map(each => knownServer(each, undefined, 0));
    expect(endpointsElsewhere(known, 'a')).toEqual(['wss://b:7000']);
  });
});

describe('the directory', () => {
  it('has read once when it is opened', async () => {
    const directory = await open(table(row('a'), row('b')));
    expect(directory.list().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(directory.hasOthers).toBe(true);
  });

  it('finds what it knows without asking, and asks once for what it does not', async () => {
    const from = table(row('a'), row('a-before', { leaseLeftMs: -1 }));
    const directory = await open(from);
    expect(directory.hasOthers).toBe(false);
    expect((await directory.find('a'))?.id).toBe('a');
    expect(from.reads).toBe(1);
    from.rows.push(row('b'));
    const found = await Promise.all([directory.find('b'), directory.find('b'), directory.find('c')]);
    expect(found.map(server => server?.id)).toEqual(['b', 'b', undefined]);
    expect(from.reads).toBe(2);
  });

  it('reads what is there when it is asked to, also while it is reading', async () => {
    const from = table(row('a'));
    const directory = await open(from);
    const reading = directory.find('b');
    from.rows = [row('a'), row('c')];
    await Promise.all([reading, directory.refresh()]);
    expect(directory.list().map(({ id }) => id)).toEqual(['a', 'c']);
    expect(from.reads).toBe(3);
  });

  it('tells of a lease that lapses and of one that is there again, of other servers only', async () => {
    vi.useFakeTimers();
    const from = table(row('a'), row('b'));
    const directory = await open(from);
    const told: string[] = [];
    const end = directory.watch(({ id, alive }: KnownServer) => told.push(`${id} ${alive}`));
    const next = async (...rows: ServerRow[]) => {
      from.rows = rows;
      await vi.advanceTimersByTimeAsync(1000);
    };
    await next(row('a'), row('b'), row('c'));
    await next(row('a', { leaseLeftMs: -1 }), row('b', { leaseLeftMs: -1 }), row('c'));
    await next(row('a'), row('b', { leaseLeftMs: -1000 }), row('c'));
    await next(row('a'), row('b', { incarnation: 2 }), row('c'));
    expect(told).toEqual(['b false', 'b true']);
    end();
    await next(row('a'), row('b', { leaseLeftMs: -1 }), row('c'));
    expect(told).toHaveLength(2);
  });

  it('reads every second among others, and every five alone or with those that are long gone', async () => {
    vi.useFakeTimers();
    const [alone, among, deserted] = [
      table(row('a')),
      table(row('a'), row('b')),
      table(row('a'), row('b', { leaseLeftMs: -3_600_000 })),
    ];
    for (const from of [alone, among, deserted]) await open(from);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([alone.reads, among.reads, deserted.reads]).toEqual([3, 11, 3]);
  });

  it('keeps what it knew while the database is away, and complains once', async () => {
    vi.useFakeTimers();
    const from = table(row('a'), row('b'));
    const trouble = vi.fn();
    const directory = await open(from, trouble);
    from.fails = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect(directory.list()).toHaveLength(2);
    expect(await directory.find('c')).toBeUndefined();
    expect(trouble).toHaveBeenCalledTimes(1);
    from.fails = false;
    await vi.advanceTimersByTimeAsync(1000);
    from.fails = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(trouble).toHaveBeenCalledTimes(2);
  });

  it('takes another host that is called as this one was before for another server', async () => {
    vi.useFakeTimers();
    const from = table(row('a'), row('a-before', { leaseLeftMs: -1 }));
    const directory = await open(from);
    const told: string[] = [];
    directory.watch(({ id }) => told.push(id));
    expect(['a', 'a-before', 'b'].map(id => directory.isOwn(id))).toEqual([true, true, false]);
    from.rows = [row('a'), row('a-before', { hostId: 'another', incarnation: 2 })];
    await vi.advanceTimersByTimeAsync(5000);
    expect(directory.hasOthers).toBe(true);
    expect([directory.isOwn('a'), directory.isOwn('a-before')]).toEqual([true, false]);
    expect(told).toEqual(['a-before']);
  });

  it('can’t exclude others that come later where it is one of several', async () => {
    const [alone, one] = [await open(table(row('a'))), await open(table(row('a')), () => {}, true)];
    expect([alone.hasOthers, alone.mayHaveOthers]).toEqual([false, false]);
    expect([one.hasOthers, one.mayHaveOthers]).toEqual([false, true]);
    expect((await open(table(row('a'), row('b')))).mayHaveOthers).toBe(true);
  });

  it('opens without the database, knowing nobody', async () => {
    const from = table(row('a'));
    from.fails = true;
    const directory = await open(from);
    expect(directory.list()).toEqual([]);
    expect(directory.hasOthers).toBe(false);
  });

  it('reads no more when it is closed', async () => {
    vi.useFakeTimers();
    const from = table(row('a'), row('b'));
    const directory = await open(from);
    directory.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(from.reads).toBe(1);
    expect(await directory.find('nobody')).toBeUndefined();
  });
});
