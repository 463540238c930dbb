import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogBudget } from './log-budget.ts';
import { type LogCursor, type LogItem, type LogLimits, SessionLog } from './session-log.ts';

const LIMITS: LogLimits = {
  segmentBytes: 64,
  firstSegmentBytes: 16,
  maxBytes: 1024,
  retainBytes: 128,
  maxResizes: 8,
};
const FAR = Number.MAX_SAFE_INTEGER;
const SIZE = { cols: 80, rows: 24 };
const STATUS = { exitCode: 0, signal: null };

/** What a stream has at an offset, so that a byte in the wrong place is seen. */
const byteAt = (offset: number): number => (offset * 31 + (offset >> 8)) & 0xff;
const bytesFrom = (offset: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => byteAt(offset + index)));

function newLog(limits: Partial<LogLimits> = {}, budget = new LogBudget(1024 * 1024, 256)): SessionLog {
  return new SessionLog(budget.open(), { ...LIMITS, ...limits });
}

function write(log: SessionLog, length: number): void {
  log.append(bytesFrom(log.end, length));
}

const cursorAt = (offset: number, sizeGeneration = 0): LogCursor => ({ offset, seq: 0, sizeGeneration });

/** Everything from the cursor on; bytes that follow each other are one item. */
function readAll(log: SessionLog, cursor: LogCursor, through = FAR, maxBytes = 1000): LogItem[] {
  const items: LogItem[] = [];
  for (;;) {
    const item = log.next(cursor, through, maxBytes);
    if (item === undefined) return items;
    const last = items.at(-1);
    if (item.kind === 'bytes' && last?.kind === 'bytes')
      items[items.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, item.bytes]) };
    else items.push(item);
  }
}

const kinds = (items: readonly LogItem[]): string[] => items.map(({ kind }) => kind);
const checkpoint = (offset: number, sizeGeneration = 0) => ({
  offset,
  sizeGeneration,
  bytes: Buffer.alloc(0),
});

describe('SessionLog', () => {
  it('gives back what was written, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 100 }),
        (lengths, maxBytes) => {
          const log = newLog({ maxBytes: FAR });
          for (const length of lengths) write(log, length);
          const items = readAll(log, cursorAt(0), FAR, maxBytes);
          const total = lengths.reduce((sum, length) => sum + length, 0);
          expect(items).toEqual(
            total === 0 ? [] : [{ kind: 'bytes', offset: 0, bytes: bytesFrom(0, total) }],
          );
        },
      ),
    );
  });

  it('ends bytes at the credit and goes on when there is more', () => {
    const log = newLog();
    write(log, 100);
    const cursor = cursorAt(0);
    expect(readAll(log, cursor, 30)).toEqual([{ kind: 'bytes', offset: 0, bytes: bytesFrom(0, 30) }]);
    expect(readAll(log, cursor, 30)).toEqual([]);
    expect(readAll(log, cursor, 70)).toEqual([{ kind: 'bytes', offset: 30, bytes: bytesFrom(30, 40) }]);
  });

  it('puts resizes, exit and eof between the bytes where they happened', () => {
    const log = newLog();
    write(log, 5);
    log.addResize({ cols: 10, rows: 3 }, 1);
    log.addResize({ cols: 11, rows: 3 }, 2);
    write(log, 5);
    log.addExit(STATUS);
    write(log, 5);
    log.addEof();
    const items = readAll(log, cursorAt(0));
    expect(kinds(items)).toEqual(['bytes', 'resize', 'resize', 'bytes', 'exit', 'bytes', 'eof']);
    expect(items[1]).toMatchObject({ offset: 5, cols: 10, sizeGeneration: 1 });
    expect(items[4]).toMatchObject({ offset: 10, status: STATUS });
    expect(items[6]).toMatchObject({ offset: 15 });
  });

  it('leaves out the resizes that a reader knows', () => {
    const log = newLog();
    for (let generation = 1; generation <= 3; generation += 1) log.addResize(SIZE, generation);
    expect(readAll(log, cursorAt(0, 2))).toMatchObject([{ kind: 'resize', sizeGeneration: 3 }]);
    expect(readAll(log, cursorAt(0, 3))).toEqual([]);
  });

  it('tells the last resize among those that were dropped with their bytes', () => {
    const log = newLog({ retainBytes: 0 });
    log.addResize({ cols: 1, rows: 1 }, 1);
    write(log, 10);
    log.addResize({ cols: 2, rows: 2 }, 2);
    write(log, 500);
    log.setCheckpoint(checkpoint(500, 0));
    expect(log.start).toBeGreaterThan(10);
    const [first, second] = readAll(log, cursorAt(500));
    expect(first).toMatchObject({ kind: 'resize', cols: 2, sizeGeneration: 2, offset: 500 });
    expect(second).toMatchObject({ kind: 'bytes', offset: 500 });
    expect(kinds(readAll(log, cursorAt(500, 2)))).toEqual(['bytes']);
  });

  it('tells an exit that stands before a resize that was dropped', () => {
    const log = newLog({ retainBytes: 0 });
    write(log, 10);
    log.addExit(STATUS);
    write(log, 10);
    log.addResize(SIZE, 1);
    write(log, 500);
    log.setCheckpoint(checkpoint(500));
    expect(kinds(readAll(log, cursorAt(500)))).toEqual(['exit', 'resize', 'bytes']);
  });

  it('drops only what lies before the checkpoint, the floor and the reader', () => {
    const limits: [string, (log: SessionLog) => void][] = [
      ['checkpoint', () => {}],
      ['floor', log => log.setFloor(300)],
      [
        'reader',
        log => {
          log.reader = cursorAt(300);
        },
      ],
    ];
    for (const [what, limit] of limits) {
      const log = newLog({ retainBytes: 0 });
      write(log, 600);
      limit(log);
      log.setCheckpoint(checkpoint(what === 'checkpoint' ? 300 : 600));
      expect(log.start, what).toBeGreaterThan(300 - LIMITS.segmentBytes);
      expect(log.start, what).toBeLessThanOrEqual(300);
    }
  });

  it('drops nothing without a checkpoint', () => {
    const log = newLog({ retainBytes: 0, maxBytes: FAR });
    write(log, 10_000);
    expect(log.start).toBe(0);
  });

  it('keeps some bytes that nobody needs, and gives them up for room', () => {
    const log = newLog();
    write(log, 1000);
    log.setCheckpoint(checkpoint(1000));
    expect(log.end - log.start).toBeGreaterThanOrEqual(LIMITS.retainBytes - LIMITS.segmentBytes);
    expect(log.end - log.start).toBeLessThanOrEqual(LIMITS.retainBytes + LIMITS.segmentBytes);
    expect(log.hasRoom(LIMITS.segmentBytes)).toBe(true);
  });

  it('has no room when it is full of what somebody needs', () => {
    const log = newLog();
    while (log.hasRoom(10)) write(log, 10);
    expect(log.end).toBeLessThanOrEqual(LIMITS.maxBytes);
    expect(log.end).toBeGreaterThan(LIMITS.maxBytes - 2 * LIMITS.segmentBytes);
    log.setCheckpoint(checkpoint(log.end));
    expect(log.hasRoom(10)).toBe(true);
  });

  it('has no room while it holds more than it may, whatever its last segment has left', () => {
    const log = newLog();
    write(log, LIMITS.maxBytes + 10);
    expect(log.hasRoom(1)).toBe(false);
    log.setCheckpoint(checkpoint(log.end));
    expect(log.hasRoom(1)).toBe(true);
    const budget = new LogBudget(600, 256);
    const [greedy, modest] = [newLog({}, budget), newLog({}, budget)];
    write(greedy, 400);
    write(modest, 300);
    expect([greedy.hasRoom(1), modest.hasRoom(1)]).toEqual([false, false]);
    greedy.close();
    expect(modest.hasRoom(1)).toBe(true);
  });

  it('has no room beyond its guarantee when the budget is spent', () => {
    const budget = new LogBudget(600, 256);
    const greedy = newLog({}, budget);
    const modest = newLog({}, budget);
    while (greedy.hasRoom(10)) write(greedy, 10);
    while (modest.hasRoom(10)) write(modest, 10);
    expect(greedy.end).toBeGreaterThan(250);
    expect(greedy.end).toBeLessThanOrEqual(600 - 256);
    expect(modest.end).toBeGreaterThan(256 - LIMITS.segmentBytes);
    greedy.close();
    expect(modest.hasRoom(10)).toBe(true);
  });

  it('is overwritten oldest first, and tells the gap', () => {
    const log = newLog();
    write(log, 500);
    expect(log.overwriteOldest()).toBe(true);
    expect(log.start).toBe(LIMITS.firstSegmentBytes);
    expect(log.holds(0)).toBe(true);
    const items = readAll(log, cursorAt(5));
    expect(items[0]).toEqual({ kind: 'gap', from: 5, to: log.start });
    expect(items[1]).toMatchObject({
      kind: 'bytes',
      offset: log.start,
      bytes: bytesFrom(log.start, 500 - 16),
    });
  });

  it('is not overwritten at or above the floor, nor to nothing', () => {
    const log = newLog();
    write(log, 500);
    log.setFloor(100);
    while (log.overwriteOldest());
    expect(log.start).toBeLessThanOrEqual(100);
    log.setFloor(null);
    while (log.overwriteOldest());
    expect(log.start).toBeLessThan(500);
  });

  it('does not hold what was trimmed, nor what was not written', () => {
    const log = newLog({ retainBytes: 0 });
    write(log, 600);
    log.setCheckpoint(checkpoint(400));
    expect([log.holds(0), log.holds(log.start), log.holds(600), log.holds(601)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('takes a checkpoint only when it is later than the one held and within the stream', () => {
    const log = newLog();
    write(log, 100);
    log.setCheckpoint(checkpoint(101));
    expect(log.checkpoint).toBeUndefined();
    log.setCheckpoint(checkpoint(50));
    log.setCheckpoint(checkpoint(40));
    expect(log.checkpoint?.offset).toBe(50);
    log.setCheckpoint(checkpoint(50, 7));
    expect(log.checkpoint?.sizeGeneration).toBe(7);
  });

  it('takes no more resizes than it may hold, and takes them again after a checkpoint', () => {
    const log = newLog();
    for (let generation = 1; generation <= LIMITS.maxResizes; generation += 1)
      expect(log.addResize(SIZE, generation)).toBe(true);
    expect(log.addResize(SIZE, 100)).toBe(false);
    log.setCheckpoint(checkpoint(log.end, LIMITS.maxResizes));
    expect(log.addResize(SIZE, 100)).toBe(true);
    expect(readAll(log, cursorAt(log.end, LIMITS.maxResizes))).toMatchObject([
      { kind: 'resize', sizeGeneration: 100 },
    ]);
  });

  it('never loses a byte that somebody needs, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 1, max: 150 }) }),
      fc.record({ kind: fc.constant('read' as const), bytes: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('checkpoint' as const), back: fc.integer({ min: 0, max: 300 }) }),
      fc.record({
        kind: fc.constant('floor' as const),
        back: fc.option(fc.integer({ min: 0, max: 300 })),
      }),
      fc.record({ kind: fc.constant('resize' as const) }),
      fc.record({ kind: fc.constant('reconnect' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const budget = new LogBudget(2048, 256);
        const log = newLog({}, budget);
        let reader = cursorAt(0);
        log.reader = reader;
        let floor: number | null = null;
        let generation = 0;
        for (const each of steps) {
          switch (each.kind) {
            case 'write':
              if (log.hasRoom(each.bytes)) write(log, each.bytes);
              break;
            case 'read': {
              const before = reader.offset;
              const item = log.next(reader, FAR, each.bytes);
              if (item?.kind === 'bytes') {
                expect(item.offset).toBe(before);
                expect(item.bytes.equals(bytesFrom(before, item.bytes.length))).toBe(true);
              }
              expect(item?.kind).not.toBe('gap');
              break;
            }
            case 'checkpoint':
              log.setCheckpoint(checkpoint(Math.max(0, log.end - each.back), generation));
              break;
            case 'floor':
              floor = each.back === null ? null : Math.max(log.start, log.end - each.back);
              log.setFloor(floor);
              break;
            case 'resize':
              if (log.addResize(SIZE, generation + 1)) generation += 1;
              break;
            case 'reconnect':
              // As a daemon does that knows where it was.
              reader = { ...cursorAt(reader.offset, reader.sizeGeneration) };
              log.reader = reader;
          }
          const needed = Math.min(log.checkpoint?.offset ?? 0, floor ?? FAR, reader.offset);
          expect(log.start).toBeLessThanOrEqual(needed);
          expect(budget.usedBytes).toBeLessThanOrEqual(LIMITS.maxBytes);
        }
        const from = Math.max(log.start, log.checkpoint?.offset ?? 0);
        const items = readAll(log, cursorAt(from, log.checkpoint?.sizeGeneration ?? 0));
        const bytes = Buffer.concat(
          items.map(item => (item.kind === 'bytes' ? item.bytes : Buffer.alloc(0))),
        );
        expect(bytes.equals(bytesFrom(from, log.end - from))).toBe(true);
        const last = items.findLast(item => item.kind === 'resize');
        if (last !== undefined) expect(last).toMatchObject({ sizeGeneration: generation });
      }),
      { numRuns: 300 },
    );
  });
});
