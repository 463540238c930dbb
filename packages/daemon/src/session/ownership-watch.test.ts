import type { ListedSession } from '@triterm/core/store';
import { exampleDoc, exampleRow } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OwnershipWatch } from './ownership-watch.ts';

const ROW: ListedSession = { ...exampleRow(), lastActivityAt: 0 };

let watch: OwnershipWatch | undefined;
function setUp() {
  const compared: [number, ListedSession | undefined][] = [];
  const world = {
    compared,
    rows: [ROW] as ListedSession[],
    lists: 0,
    broken: false,
    reincarnations: 0,
    /** What a comparison of a session, or telling of the new incarnation, fails with. */
    fails: undefined as 'comparing' | 'telling' | undefined,
    /** Ids that somebody here has, or is about to have; what PTYs of sessions here are called; and of PTYs that get one. */
    taken: new Set([ROW.id]),
    ptys: new Set([ROW.id]),
    adopting: new Set<string>(),
    takenUp: [] as string[],
    hasOthers: true,
    lease: { held: true, incarnation: 1, ensure: async () => true },
  };
  watch = new OwnershipWatch({
    store: {
      list: async () => {
        world.lists += 1;
        if (world.broken) throw new Error('away');
        return world.rows;
      },
    },
    registry: {
      isTaken: id => world.taken.has(id),
      byPty: ptyId => (world.ptys.has(ptyId) ? ROW : undefined),
      all: () => [
        {
          id: ROW.id,
          row: ROW,
          record: {
            compare: async (epoch, present) => {
              if (world.fails === 'comparing') throw new Error('away');
              compared.push([epoch, world.rows.find(row => row === present)]);
            },
          },
        },
      ],
    },
    lease: world.lease,
    directory: world,
    serverId: 'here',
    isAdopting: ptyId => world.adopting.has(ptyId),
    abandoned: async ({ id }) => {
      world.takenUp.push(id);
      world.taken.add(id);
    },
    reincarnated: async () => {
      world.reincarnations += 1;
      if (world.fails === 'telling') throw new Error('away');
    },
    trouble: () => {},
  });
  watch.start();
  return { world, watch };
}

describe('OwnershipWatch', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    watch?.stop();
    vi.useRealTimers();
  });

  it('compares what is owned with the database every five seconds, while there are other servers', async () => {
    const { world } = setUp();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(world.lists).toBe(2);
    expect(world.compared).toEqual([
      [1, ROW],
      [1, ROW],
    ]);
    world.hasOthers = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.lists).toBe(2);
  });

  it('tells of a session that is not there any more', async () => {
    const { world } = setUp();
    world.rows = [];
    await vi.advanceTimersByTimeAsync(6000);
    expect(world.compared).toEqual([[1, undefined]]);
  });

  it('owns nothing by name while its lease is lost, nor before it has compared under a new one', async () => {
    const { world, watch } = setUp();
    expect(watch.held).toBe(true);
    world.lease.held = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(watch.held).toBe(false);
    expect(world.lists).toBe(0);
    Object.assign(world.lease, { held: true, incarnation: 2 });
    world.broken = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(watch.held).toBe(false);
    world.broken = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(watch.held).toBe(true);
    expect(world.reincarnations).toBe(1);
  });

  it.each(['comparing', 'telling'] as const)(
    'goes on until %s has not failed under a new lease',
    async what => {
      const { world, watch } = setUp();
      world.lease.incarnation = 2;
      world.fails = what;
      await vi.advanceTimersByTimeAsync(2000);
      expect(watch.held).toBe(false);
      const { reincarnations } = world;
      world.fails = undefined;
      await vi.advanceTimersByTimeAsync(600);
      expect(watch.held).toBe(true);
      expect(world.reincarnations).toBe(reincarnations + 1);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(world.reincarnations).toBe(reincarnations + 1);
    },
  );

  describe('finds rows of its server that no session here has, and', () => {
    const another = (change: Partial<ListedSession>) => ({ ...ROW, id: 'b'.repeat(12), ...change });

    it('takes them up at the second comparison, once', async () => {
      const { world } = setUp();
      world.rows = [ROW, another({})];
      await vi.advanceTimersByTimeAsync(6000);
      expect(world.takenUp).toEqual([]);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(world.takenUp).toEqual(['b'.repeat(12)]);
    });

    it('does so where there are no other servers too, after a while', async () => {
      const { world } = setUp();
      Object.assign(world, { hasOthers: false, rows: [ROW, another({})] });
      await vi.advanceTimersByTimeAsync(121_000);
      expect(world.takenUp).toEqual(['b'.repeat(12)]);
    });

    it('leaves those that have come or gone by then, and what is not its own', async () => {
      const { world } = setUp();
      const gone = another({ id: 'c'.repeat(12) });
      const come = another({ id: 'd'.repeat(12) });
      const theirs = another({ ownerServer: 'there' });
      world.rows = [ROW, gone, come, theirs];
      await vi.advanceTimersByTimeAsync(6000);
      world.rows = [ROW, come, theirs];
      world.taken.add(come.id);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(world.takenUp).toEqual([]);
    });

    it('leaves that of a PTY which a session here has still, or which gets one', async () => {
      const { world } = setUp();
      const row = another({ doc: exampleDoc({ ptyId: ROW.id }) });
      world.rows = [ROW, row];
      await vi.advanceTimersByTimeAsync(20_000);
      world.ptys.clear();
      world.adopting.add(ROW.id);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(world.takenUp).toEqual([]);
      world.adopting.clear();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(world.takenUp).toEqual([row.id]);
    });
  });

  it('compares under a new lease though no other servers were seen: one may have come while it was lost', async () => {
    const { world, watch } = setUp();
    world.hasOthers = false;
    world.lease.incarnation = 2;
    expect(watch.held).toBe(false);
    await vi.advanceTimersByTimeAsync(600);
    expect(watch.held).toBe(true);
    expect(world.lists).toBe(1);
  });
});
