import { describe, expect, it } from 'vitest';
import type { StoreStats } from '../../src/store/hybrid/stats.ts';
import { checkCounters, checkDurations, OPERATION_LIMIT_MS } from './check-bounds.ts';
import { checkContent, checkFresh, checkMonotonic } from './check-reads.ts';
import { checkRedisContent, checkRedisOrder } from './check-redis.ts';
import { checkConverged, checkRegistry } from './check-settled.ts';
import {
  checkAcknowledged,
  checkCounts,
  checkFinalRows,
  checkGuards,
  checkRevisionOrder,
} from './check-writes.ts';
import { Disturbances } from './disturbance.ts';
import type { Commit, FaultRecord, Operation, RedisEvent } from './history.ts';

const ID = 'alpha';

function commit(rev: number, change: Partial<Commit> = {}): Commit {
  return {
    seq: rev,
    id: ID,
    rev,
    deleted: false,
    ownerEpoch: 1,
    tag: `update-${rev}`,
    count: 0,
    digest: `d${rev}`,
    ...change,
  };
}

function tombstone(rev: number): Commit {
  return commit(rev, { deleted: true, digest: '' });
}

function write(
  rev: number,
  [startMs, endMs]: readonly [number, number],
  change: Partial<Operation> = {},
): Operation {
  const seen = { rev, deleted: false, digest: `d${rev}` };
  return {
    order: rev,
    server: 0,
    life: 0,
    kind: 'update',
    id: ID,
    startMs,
    endMs,
    outcome: 'ok',
    seen,
    tag: `update-${rev}`,
    ...change,
  };
}

function deletion(rev: number, [startMs, endMs]: readonly [number, number]): Operation {
  const { tag: _, ...operation } = write(rev, [startMs, endMs], {
    kind: 'delete',
    seen: { rev, deleted: true, digest: '' },
  });
  return operation;
}

/** `rev` undefined: nothing was found. */
function read(rev: number | undefined, startMs: number, change: Partial<Operation> = {}): Operation {
  const seen = rev === undefined ? {} : { seen: { rev, deleted: false, digest: `d${rev}` } };
  return {
    order: 100 + startMs,
    server: 1,
    life: 0,
    kind: 'read',
    id: ID,
    startMs,
    endMs: startMs + 1,
    outcome: 'ok',
    ...seen,
    ...change,
  };
}

function fault(change: Partial<FaultRecord>): FaultRecord {
  return {
    kind: 'a fault',
    server: undefined,
    startMs: 0,
    endMs: 0,
    silent: false,
    stopped: false,
    ...change,
  };
}

const CALM = new Disturbances([], []);
const names = (violations: readonly { invariant: string }[]) => violations.map(({ invariant }) => invariant);

describe('writes that were acknowledged', () => {
  const operations = [write(1, [0, 10])];

  it('are found where they were committed as they were told', () => {
    expect(checkAcknowledged({ operations, commits: [commit(1)] })).toEqual([]);
  });

  it('are missed when they were not committed, or otherwise', () => {
    expect(names(checkAcknowledged({ operations, commits: [] }))).toEqual(['I1']);
    expect(names(checkAcknowledged({ operations, commits: [commit(1, { digest: 'other' })] }))).toEqual([
      'I1',
    ]);
    expect(names(checkAcknowledged({ operations, commits: [tombstone(1)] }))).toEqual(['I1']);
  });

  it('are missed when the row was put back afterwards', () => {
    const commits = [commit(1), commit(2)];
    expect(checkFinalRows(commits, new Map([[ID, { rev: 2, deleted: false }]]))).toEqual([]);
    expect(names(checkFinalRows(commits, new Map([[ID, { rev: 1, deleted: false }]])))).toEqual(['I1']);
    expect(names(checkFinalRows(commits, new Map()))).toEqual(['I1']);
  });
});

describe('revisions', () => {
  it('may be told in any order by writes that overlap', () => {
    const operations = [write(2, [0, 10]), write(1, [5, 12])];
    expect(checkRevisionOrder({ operations, commits: [commit(1), commit(2)] })).toEqual([]);
  });

  it('have to rise in commit order, also over a delete', () => {
    const commits = [commit(1, { seq: 2 }), commit(2, { seq: 1, deleted: true })];
    expect(names(checkRevisionOrder({ operations: [], commits }))).toEqual(['I2']);
  });

  it('have to rise from one write to the next that begins after it', () => {
    const operations = [write(2, [0, 10]), write(1, [11, 12])];
    expect(names(checkRevisionOrder({ operations, commits: [] }))).toEqual(['I2']);
  });

  it('may not be equal', () => {
    const operations = [write(2, [0, 10]), write(2, [11, 12])];
    expect(names(checkRevisionOrder({ operations, commits: [] }))).toEqual(['I2']);
  });
});

describe('guards', () => {
  const guarded = write(3, [0, 10], { guard: { rev: 1 } });

  it('hold when the row was as they say', () => {
    expect(checkGuards({ operations: [guarded], commits: [commit(1), commit(3)] })).toEqual([]);
  });

  it('are violated by a write onto another revision, owner epoch, or a deleted row', () => {
    expect(names(checkGuards({ operations: [guarded], commits: [commit(1), commit(2), commit(3)] }))).toEqual(
      ['I8'],
    );
    expect(names(checkGuards({ operations: [guarded], commits: [tombstone(1), commit(3)] }))).toEqual(['I8']);
    const owners = write(3, [0, 10], { guard: { ownerEpoch: 7 } });
    expect(names(checkGuards({ operations: [owners], commits: [commit(1), commit(3)] }))).toEqual(['I8']);
  });

  it('are violated by a refused write that was made all the same', () => {
    const { seen: _, ...rest } = write(3, [0, 10], { outcome: 'STALE_REVISION' });
    expect(names(checkGuards({ operations: [rest], commits: [commit(3)] }))).toEqual(['I8']);
    expect(
      checkGuards({ operations: [{ ...rest, outcome: 'OUTCOME_UNKNOWN' }], commits: [commit(3)] }),
    ).toEqual([]);
  });
});

describe('counts', () => {
  const made = commit(1, { tag: 'create-1' });

  it('rise by one with every increment, and stay with other writes', () => {
    const commits = [
      made,
      commit(2, { tag: 'increment-2', count: 1 }),
      commit(3, { count: 1 }),
      tombstone(4),
      commit(5, { tag: 'create-5' }),
    ];
    expect(checkCounts({ commits })).toEqual([]);
  });

  it('tell of an increment that was lost', () => {
    const twice = [
      made,
      commit(2, { tag: 'increment-2', count: 1 }),
      commit(3, { tag: 'increment-3', count: 1 }),
    ];
    expect(names(checkCounts({ commits: twice }))).toEqual(['I8']);
    const locked = [made, commit(2, { tag: 'locked-2', count: 1 }), commit(3, { tag: 'locked-3', count: 1 })];
    expect(names(checkCounts({ commits: locked }))).toEqual(['I9']);
  });
});

describe('what is read', () => {
  it('was committed', () => {
    const operations = [read(1, 0)];
    expect(checkContent({ operations, commits: [commit(1)] })).toEqual([]);
    expect(names(checkContent({ operations, commits: [] }))).toEqual(['I4']);
    expect(names(checkContent({ operations, commits: [commit(1, { digest: 'other' })] }))).toEqual(['I4']);
  });

  it('is never older than what the same server has read or written', () => {
    const commits = [commit(1), commit(2)];
    expect(checkMonotonic({ operations: [read(2, 0), read(1, 0.5), read(2, 5)], commits })).toEqual([]);
    expect(names(checkMonotonic({ operations: [read(2, 0), read(1, 5)], commits }))).toEqual(['I5']);
    expect(
      names(checkMonotonic({ operations: [write(2, [0, 1]), read(1, 5, { server: 0 })], commits })),
    ).toEqual(['I5']);
    expect(checkMonotonic({ operations: [write(2, [0, 1]), read(1, 5, { server: 1 })], commits })).toEqual(
      [],
    );
  });

  it('may be nothing only where there was a delete', () => {
    expect(
      names(checkMonotonic({ operations: [read(2, 0), read(undefined, 5)], commits: [commit(2)] })),
    ).toEqual(['I5']);
    expect(
      checkMonotonic({ operations: [read(2, 0), read(undefined, 5)], commits: [commit(2), tombstone(3)] }),
    ).toEqual([]);
  });

  it('does not come back after nothing was found', () => {
    const operations = [read(2, 0), read(undefined, 5), read(2, 10)];
    expect(names(checkMonotonic({ operations, commits: [commit(2), tombstone(3)] }))).toEqual(['I5']);
  });

  it('may be old when it is marked so', () => {
    const operations = [read(2, 0), read(1, 5, { stale: true })];
    expect(checkMonotonic({ operations, commits: [commit(1), commit(2)] })).toEqual([]);
  });
});

describe('freshness', () => {
  const commits = [commit(1), commit(2)];

  it('gives every other server 250 ms', () => {
    expect(checkFresh({ operations: [write(2, [0, 10]), read(1, 255)], commits }, CALM)).toEqual([]);
    expect(names(checkFresh({ operations: [write(2, [0, 10]), read(1, 265)], commits }, CALM))).toEqual([
      'I6',
    ]);
  });

  it('counts from the acknowledgement of the newest write that was early enough', () => {
    const operations = [write(2, [0, 10]), write(1, [0, 20]), read(1, 265)];
    expect(names(checkFresh({ operations, commits }, CALM))).toEqual(['I6']);
  });

  it('knows a session that came back from the dead', () => {
    const operations = [deletion(2, [0, 10]), read(1, 265)];
    expect(names(checkFresh({ operations, commits: [commit(1), tombstone(2)] }, CALM))).toEqual(['I7']);
    expect(
      checkFresh(
        { operations: [deletion(2, [0, 10]), read(undefined, 265)], commits: [commit(1), tombstone(2)] },
        CALM,
      ),
    ).toEqual([]);
  });

  it('gives 1.5 s while a silent fault keeps word from that server, and from no other', () => {
    const silent = new Disturbances([fault({ silent: true, server: 1, startMs: 0, endMs: 300 })], []);
    const operations = (startMs: number, server: number) => [write(2, [0, 10]), read(1, startMs, { server })];
    expect(checkFresh({ operations: operations(900, 1), commits }, silent)).toEqual([]);
    expect(names(checkFresh({ operations: operations(1600, 1), commits }, silent))).toEqual(['I6']);
    expect(names(checkFresh({ operations: operations(900, 2), commits }, silent))).toEqual(['I6']);
  });

  it('does not count time in which a process did not get the processor', () => {
    const stalled = new Disturbances([], [{ server: 2, startMs: 20, endMs: 220 }]);
    expect(checkFresh({ operations: [write(2, [0, 10]), read(1, 265)], commits }, stalled)).toEqual([]);
    expect(names(checkFresh({ operations: [write(2, [0, 10]), read(1, 520)], commits }, stalled))).toEqual([
      'I6',
    ]);
  });
});

describe('entries in Redis', () => {
  const set = (rev: number, epoch = 'e.1'): RedisEvent => ({
    kind: 'set',
    atMs: rev,
    id: ID,
    epoch,
    seen: { rev, deleted: false, digest: `d${rev}` },
  });

  it('go up within an epoch, and down only over a gap or an epoch', () => {
    expect(checkRedisOrder([set(1), set(2), set(1, 'e.2')])).toEqual([]);
    expect(checkRedisOrder([set(2), { kind: 'gone', atMs: 3, id: ID }, set(1)])).toEqual([]);
    expect(checkRedisOrder([set(2), { kind: 'gone', atMs: 3, id: undefined }, set(1)])).toEqual([]);
    expect(names(checkRedisOrder([set(2), { kind: 'gone', atMs: 3, id: 'bravo' }, set(1)]))).toEqual(['I3']);
  });

  it('were committed', () => {
    expect(checkRedisContent([set(1)], [commit(1)])).toEqual([]);
    expect(names(checkRedisContent([set(1)], []))).toEqual(['I4']);
    expect(names(checkRedisContent([set(1)], [tombstone(1)]))).toEqual(['I4']);
  });

  it('agree with the database when everything has settled', () => {
    const entry = (rev: number, epoch = 'e.1') => [
      { id: ID, epoch, seen: { rev, deleted: false, digest: '' } },
    ];
    const rows = new Map([[ID, { rev: 2 }]]);
    expect(checkConverged(rows, entry(2), 'e.1', 0)).toEqual([]);
    expect(checkConverged(rows, entry(1, 'e.0'), 'e.1', 0)).toEqual([]);
    expect(names(checkConverged(rows, entry(1), 'e.1', 0))).toEqual(['I12']);
    expect(names(checkConverged(rows, [], 'e.1', 3))).toEqual(['I12']);
  });
});

describe('the registry', () => {
  const live = new Map([['terminal', new Set(['one', 'two'])]]);
  const view = (sockets: readonly string[], primary?: string) => [
    { server: 0, terminal: 'terminal', sockets, primary },
  ];

  it('shows the live sockets', () => {
    expect(checkRegistry(view(['two', 'one'], 'one'), live)).toEqual([]);
  });

  it('neither misses one, nor keeps one, nor has a primary that is gone', () => {
    expect(names(checkRegistry(view(['one']), live))).toEqual(['I11']);
    expect(names(checkRegistry(view(['one', 'two', 'three']), live))).toEqual(['I11']);
    expect(names(checkRegistry(view(['one', 'two'], 'three'), live))).toEqual(['I11']);
  });
});

describe('bounds', () => {
  it('count the time in which the process ran', () => {
    const slow = [read(1, 0, { endMs: OPERATION_LIMIT_MS + 500 })];
    const stopped = new Disturbances([fault({ stopped: true, server: 1, startMs: 100, endMs: 700 })], []);
    expect(names(checkDurations(slow, CALM))).toEqual(['I13']);
    expect(checkDurations(slow, stopped)).toEqual([]);
  });

  it('count every read once', () => {
    const reads = {
      reads: 3,
      l1Hits: 1,
      redisHits: 1,
      tombstones: 0,
      misses: 1,
      coalesced: 0,
      bypassed: 0,
      errors: 0,
    };
    const stats = (change: Partial<typeof reads>) => ({ reads: { ...reads, ...change } }) as StoreStats;
    expect(checkCounters(0, 3, stats({}))).toEqual([]);
    expect(names(checkCounters(0, 4, stats({})))).toEqual(['I14']);
    expect(names(checkCounters(0, 3, stats({ misses: 2 })))).toEqual(['I14']);
  });
});
