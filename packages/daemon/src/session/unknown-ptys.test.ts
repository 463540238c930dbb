import { LOCAL_USER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { NewSession, SessionRecord, SessionRow } from '@triterm/core/store';
import { exampleSession } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pty } from '../pty/pty.ts';
import type { Session } from './session.ts';
import type { PtyHolder, SessionFiles } from './session-files.ts';
import { UnknownPtys } from './unknown-ptys.ts';

const PTY = '0p0p0p0p0p0p';

const rowOf = (session: NewSession, ownerServer = session.ownerServer): SessionRow => ({
  ...session,
  ownerServer,
  rev: 1,
  ownerEpoch: 1,
  primarySocket: null,
  createdAt: 0,
  updatedAt: 0,
});

describe('a PTY that no session has', () => {
  /** What the database has, by id, and what was made under each key. */
  let records: Map<string, SessionRecord>;
  let made: Map<string, SessionRow>;
  let holder: PtyHolder | undefined;
  /** What is thrown next; a create may have been done all the same. */
  let failures: TermError[];
  /** Rows under which it was adopted, and whose orphan each was made as. */
  let adopted: SessionRow[];
  let orphansOf: string[];
  let told: unknown[];
  let prepared: 'not' | 'fails' | 'done';
  let unknown: UnknownPtys;

  const create = (session: NewSession, idempotencyKey: string): SessionRow => {
    const row = made.get(idempotencyKey) ?? rowOf(session);
    made.set(idempotencyKey, row);
    records.set(row.id, row);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return row;
  };
  const pty = { session: PTY, pid: 7, hostId: 'host', info: { cols: 80, rows: 24 } } as unknown as Pty;
  const adopt = () => unknown.adopt(pty);

  beforeEach(() => {
    vi.useFakeTimers();
    records = new Map();
    made = new Map();
    holder = undefined;
    failures = [];
    adopted = [];
    orphansOf = [];
    told = [];
    prepared = 'not';
    const files = {
      holder: async () => holder,
      keepHolder: async () => {},
      prepare: () => {
        if (prepared === 'fails') throw new TermError('DISK_FULL', 'No space.');
        prepared = 'done';
      },
    } as unknown as SessionFiles;
    unknown = new UnknownPtys({
      registry: {
        add: ({ row }) => void adopted.push(row),
        isTaken: id => adopted.some(row => row.id === id),
      },
      factory: {
        doc: () => exampleSession('').doc,
        files: () => files,
        session: row =>
          ({ id: row.id, row, files, record: { learn: () => {} }, emit: () => {} }) as unknown as Session,
      },
      starter: { follow: async () => {} },
      supersession: {
        rowFor: async (_pty, theirs, { id, idempotencyKey }) => {
          orphansOf.push(theirs.id);
          const { userId } = theirs;
          const session = exampleSession(`orphan-${theirs.name}`, { id, userId, ownerServer: 'here' });
          return create(session, idempotencyKey);
        },
      },
      names: { use: (_userId, choose, use) => use(choose(() => false)) },
      store: { create: async (session, options) => create(session, options.idempotencyKey ?? '') },
      database: {
        read: async id => {
          if (failures[0]?.code === 'STORE_UNAVAILABLE') throw failures.shift();
          return records.get(id);
        },
      },
      lease: { held: true, incarnation: 1, ensure: async () => true },
      serverId: 'here',
      trouble: (_session, _what, error) => told.push(TermError.from(error).code),
    });
  });
  afterEach(() => {
    unknown.stop();
    vi.useRealTimers();
  });

  it('is the local user’s where nothing is known of it', async () => {
    await adopt();
    expect(adopted).toMatchObject([{ id: PTY, userId: LOCAL_USER, name: 'recovered-0p0p' }]);
  });

  it('has its directory again, and goes on without where that can’t be made', async () => {
    await adopt();
    expect(prepared).toBe('done');
    prepared = 'fails';
    records.clear();
    await adopt();
    expect(adopted).toHaveLength(2);
    expect(told).toEqual(['DISK_FULL']);
  });

  it('is its user’s where the database is new', async () => {
    holder = { id: PTY, userId: 'anna' };
    await adopt();
    expect(adopted).toMatchObject([{ id: PTY, userId: 'anna' }]);
  });

  it('is its user’s where its session was deleted, which stays so', async () => {
    holder = { id: PTY, userId: 'anna' };
    records.set(PTY, { id: PTY, rev: 3, deleted: true });
    await adopt();
    expect(adopted).toMatchObject([{ userId: 'anna' }]);
    expect(adopted[0]?.id).not.toBe(PTY);
  });

  it('is an orphan of the session that was made anew elsewhere', async () => {
    records.set(PTY, rowOf(exampleSession('work', { id: PTY, userId: 'anna', ownerServer: 'there' })));
    await adopt();
    expect(adopted).toMatchObject([{ userId: 'anna', name: 'orphan-work' }]);
  });

  it('is an orphan of the session that had it last, whose id it does not have', async () => {
    const theirs = rowOf(exampleSession('work', { userId: 'anna', ownerServer: 'third' }));
    records.set(theirs.id, theirs);
    holder = { id: theirs.id, userId: 'anna' };
    await adopt();
    expect(orphansOf).toEqual([theirs.id]);
    expect(adopted).toMatchObject([{ userId: 'anna', name: 'orphan-work' }]);
  });

  it.each(['LEASE_LOST', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const)(
    'is adopted later, once, when that fails with %s',
    async code => {
      records.set(PTY, { id: PTY, rev: 3, deleted: true });
      // A command under the lease is repeated once at once.
      failures = Array.from({ length: 2 }, () => new TermError(code, 'It failed.'));
      await adopt();
      expect(adopted).toEqual([]);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(adopted).toHaveLength(1);
      expect(made.size).toBe(1);
      expect(told[0]).toBe(code);
    },
  );

  it('is adopted under the row that was made for it, though the answer was lost', async () => {
    failures = [new TermError('OUTCOME_UNKNOWN', 'No answer.')];
    await adopt();
    await vi.advanceTimersByTimeAsync(1000);
    expect(adopted).toMatchObject([{ id: PTY, ownerServer: 'here' }]);
    expect(orphansOf).toEqual([]);
  });
});
