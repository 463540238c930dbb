import type { ScreenRow } from '@triterm/core/store';
import { exampleRow } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScreenTail, type TailedSession } from './screen-tail.ts';

type Put = Omit<ScreenRow, 'at'>;

/** A session whose program has written `head` bytes. */
function session(id: string) {
  const row = exampleRow({ id, name: id });
  const live = { head: 1, outputAtMs: Number.NEGATIVE_INFINITY };
  const capture: TailedSession['capture'] = async () => ({
    offset: live.head,
    cols: 80,
    rows: 24,
    scrollback: [],
    firstLine: null,
    more: false,
    screen: [id],
    cursor: { row: 0, col: 0, visible: true },
    alternateScreen: false,
  });
  return { row, live, capture };
}

let tail: ScreenTail | undefined;
function setUp(sessions: TailedSession[]) {
  const puts: Put[][] = [];
  const troubles: unknown[] = [];
  const world = { puts, troubles, hasOthers: true, held: true, broken: false };
  tail = new ScreenTail({
    tails: {
      putScreens: async rows => {
        if (world.broken) throw new Error('away');
        puts.push([...rows]);
      },
    },
    registry: { all: () => sessions },
    directory: world,
    lease: world,
    trouble: (_session, _what, error) => troubles.push(error),
  });
  return world;
}

describe('ScreenTail', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    tail?.stop();
    vi.useRealTimers();
  });

  it('keeps a screen once, and again when its program has written', async () => {
    const work = session('work');
    const { puts } = setUp([work]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(puts).toMatchObject([[{ sessionId: 'work', ownerEpoch: 1, offset: 1, cols: 80, rows: 24 }]]);
    work.live.head = 7;
    await vi.advanceTimersByTimeAsync(1000);
    expect(puts.at(-1)).toMatchObject([{ offset: 7 }]);
  });

  it('keeps the screen of a session that writes on and on every ten seconds', async () => {
    const busy = session('busy');
    const { puts } = setUp([busy]);
    const writing = setInterval(() => {
      busy.live.head += 1;
      busy.live.outputAtMs = performance.now();
    }, 50);
    await vi.advanceTimersByTimeAsync(41_000);
    clearInterval(writing);
    expect(puts.length).toBeGreaterThanOrEqual(4);
    expect(puts.length).toBeLessThanOrEqual(5);
  });

  it('keeps few screens a second, those first that have waited longest', async () => {
    const { puts } = setUp(Array.from({ length: 20 }, (_, at) => session(`s${at}`)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(puts.flat()).toHaveLength(8);
    await vi.advanceTimersByTimeAsync(2000);
    expect(new Set(puts.flat().map(({ sessionId }) => sessionId)).size).toBe(20);
  });

  it('does nothing while no other server is about, or no lease is held', async () => {
    const world = setUp([session('work')]);
    world.hasOthers = false;
    await vi.advanceTimersByTimeAsync(5000);
    world.hasOthers = true;
    world.held = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(world.puts).toEqual([]);
  });

  it('tells that the database did not take it, and tries again', async () => {
    const world = setUp([session('work')]);
    world.broken = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.troubles.length).toBeGreaterThan(0);
    world.broken = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.puts).toHaveLength(1);
  });

  it('keeps it again under the epoch of a new owner', async () => {
    const work = session('work');
    const { puts } = setUp([work]);
    await vi.advanceTimersByTimeAsync(1000);
    work.row = { ...work.row, ownerEpoch: 2 };
    await vi.advanceTimersByTimeAsync(6000);
    expect(puts.flat()).toMatchObject([{ ownerEpoch: 1 }, { ownerEpoch: 2 }]);
  });
});
