import { TermError } from '@triterm/core/errors';
import type { ConnectionRow } from '@triterm/core/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLedger } from './connection-ledger.ts';

const WAIT_MS = 4000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A table that answers after 10 ms, and fails when it is told to. */
function setUp() {
  const rows = new Map<string, string>();
  const calls: string[] = [];
  const troubles: string[] = [];
  const state = { incarnation: 1, failing: undefined as TermError | undefined, under: 0, most: 0 };
  const answer = async (call: string, work: () => void) => {
    calls.push(call);
    state.under++;
    state.most = Math.max(state.most, state.under);
    await new Promise(resolve => setTimeout(resolve, 10));
    state.under--;
    if (state.failing?.code !== 'STORE_UNAVAILABLE') work();
    if (state.failing !== undefined) throw state.failing;
  };
  const ledger = new ConnectionLedger({
    table: {
      openConnection: ({ id, userId }) => answer('open', () => rows.set(id, userId)),
      closeConnections: ids => answer(`close ${ids.length}`, () => ids.forEach(id => void rows.delete(id))),
      replaceConnections: (_server, incarnation, all: readonly ConnectionRow[]) =>
        answer(`replace ${incarnation} ${all.length}`, () => {
          rows.clear();
          for (const { id, userId } of all) rows.set(id, userId);
        }),
    },
    serverId: 'server-1',
    incarnation: () => state.incarnation,
    limit: () => 10,
    trouble: what => troubles.push(what),
  });
  return { ledger, rows, calls, troubles, state };
}

async function settled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  await vi.advanceTimersByTimeAsync(1000);
  return work;
}

describe('connections that are counted', () => {
  it('of one user take turns, and nobody waits for another user', async () => {
    const { ledger, rows, state } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    state.most = 0;
    await settled(Promise.all(Array.from({ length: 5 }, () => ledger.open('ann', WAIT_MS))));
    expect([state.most, rows.size]).toEqual([1, 6]);
    await settled(Promise.all(['ann', 'bob', 'eve'].map(user => ledger.open(user, WAIT_MS))));
    expect([state.most, rows.size]).toEqual([3, 9]);
  });

  it('are not entered for those who have given up waiting', async () => {
    const { ledger, calls } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    calls.length = 0;
    const opening = [ledger.open('ann', 5), ledger.open('ann', 5), ledger.open('ann', 50)];
    const outcomes = await settled(Promise.allSettled(opening));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual(['open', 'open']);
  });

  it('that end together leave in one write', async () => {
    const { ledger, rows, calls } = setUp();
    const ids = [await settled(ledger.open('ann', WAIT_MS)), await settled(ledger.open('bob', WAIT_MS))];
    calls.length = 0;
    for (const id of [...ids, ...ids, 'another']) ledger.release(id);
    await vi.advanceTimersByTimeAsync(1000);
    expect([calls, rows.size]).toEqual([['close 2'], 0]);
  });

  it('are written anew for a new incarnation, and once at the start', async () => {
    const { ledger, calls, state } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    state.incarnation = 2;
    await settled(Promise.all([ledger.open('ann', WAIT_MS), ledger.open('bob', WAIT_MS)]));
    expect(calls).toEqual(['replace 1 0', 'open', 'replace 2 1', 'open', 'open']);
  });

  it('that may have been entered, although that failed, are written anew and not counted', async () => {
    const { ledger, rows, state } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    state.failing = new TermError('OUTCOME_UNKNOWN', 'The commit timed out.');
    const opening = ledger.open('ann', WAIT_MS);
    opening.catch(() => {});
    await vi.advanceTimersByTimeAsync(20);
    expect(rows.size).toBe(2);
    state.failing = undefined;
    await expect(settled(opening)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await vi.advanceTimersByTimeAsync(2000);
    expect(rows.size).toBe(1);
  });

  it('that came uncounted while all were written are written as soon as that is done', async () => {
    const { ledger, rows, calls, state } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    state.incarnation = 2;
    const opening = ledger.open('ann', WAIT_MS);
    await vi.advanceTimersByTimeAsync(5);
    expect(calls.at(-1)).toBe('replace 2 1');
    const id = ledger.openUncounted('bob');
    await settled(opening);
    await vi.advanceTimersByTimeAsync(2000);
    expect(rows.get(id)).toBe('bob');
    expect(rows.size).toBe(3);
  });

  it('cost nothing more when the limit refuses them', async () => {
    const { ledger, calls, state } = setUp();
    await settled(ledger.open('ann', WAIT_MS));
    state.failing = new TermError('TOO_MANY_CONNECTIONS', 'User ann has 10.');
    await expect(settled(ledger.open('ann', WAIT_MS))).rejects.toMatchObject({
      code: 'TOO_MANY_CONNECTIONS',
    });
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toEqual(['replace 1 0', 'open', 'open']);
  });

  it('that ended while the database was away are written as soon as it is back, however long that takes', async () => {
    const { ledger, rows, troubles, state } = setUp();
    const [gone] = [await settled(ledger.open('ann', WAIT_MS)), await settled(ledger.open('ann', WAIT_MS))];
    state.failing = new TermError('STORE_UNAVAILABLE', 'It is away.');
    ledger.release(gone);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rows.size).toBe(2);
    expect(troubles).toEqual(['counting connections']);
    state.failing = undefined;
    await vi.advanceTimersByTimeAsync(2000);
    expect([...rows.values()]).toEqual(['ann']);
    expect(rows.has(gone)).toBe(false);
  });

  it('are not written any more once it is closed', async () => {
    const { ledger, calls } = setUp();
    const id = await settled(ledger.open('ann', WAIT_MS));
    calls.length = 0;
    ledger.close();
    ledger.release(id);
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toEqual([]);
  });
});
