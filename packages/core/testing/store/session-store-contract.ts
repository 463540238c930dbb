import { newToken } from '@triterm/core/domain';
import type { SessionRow, SessionStore } from '@triterm/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';

/** One database for one test, and the way to open it as several servers would. */
export interface StoreHarness {
  /** Another store on the same database; `dispose` closes it. */
  open(): Promise<SessionStore>;
  dispose(): Promise<void>;
}

const ROOMY = { limit: 1000 };

/** What every session store does, whatever database it stands on. Registers a suite. */
export function sessionStoreContract(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`${name} keeps the session store's contract`, () => {
    let harness: StoreHarness;
    let store: SessionStore;
    beforeEach(async () => {
      harness = await makeHarness();
      store = await harness.open();
    });
    afterEach(() => harness.dispose());

    const make = (sessionName: string): Promise<SessionRow> =>
      store.create(exampleSession(sessionName), ROOMY);

    describe('create', () => {
      it('returns the row as every read returns it', async () => {
        const session = exampleSession('work');
        const before = Date.now();
        const row = await store.create(session, ROOMY);
        expect(row).toMatchObject({ ...session, primarySocket: null });
        expect(row.rev).toBeGreaterThan(0);
        expect(row.ownerEpoch).toBe(row.rev);
        expect(row.createdAt).toBeGreaterThanOrEqual(before);
        expect(row.updatedAt).toBe(row.createdAt);
        expect(await store.get(session.id)).toEqual(row);
        expect(await store.getByName(USER, 'work')).toEqual(row);
        expect(await store.list(USER)).toEqual([{ ...row, lastActivityAt: row.createdAt }]);
      });

      it('refuses a name that a live session of the same user has', async () => {
        await make('work');
        await expect(make('work')).rejects.toMatchObject({ code: 'NAME_TAKEN' });
        const other = await store.create(exampleSession('work', { userId: 'other' }), ROOMY);
        expect(await store.getByName('other', 'work')).toEqual(other);
      });

      it('gives one name to one of many that ask at once', async () => {
        const asked = await Promise.allSettled(Array.from({ length: 8 }, () => make('work')));
        expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const { reason } of asked.filter(result => result.status === 'rejected'))
          expect(reason).toMatchObject({ code: 'NAME_TAKEN' });
      });

      it('makes ten of 25 that are asked for at once where ten are allowed', async () => {
        const second = await harness.open();
        const asked = await Promise.allSettled(
          Array.from({ length: 25 }, (_, i) =>
            (i % 2 === 0 ? store : second).create(exampleSession(`s${i}`), { limit: 10 }),
          ),
        );
        expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
        for (const { reason } of asked.filter(result => result.status === 'rejected'))
          expect(reason).toMatchObject({ code: 'TOO_MANY_SESSIONS', details: { running: 10, limit: 10 } });
        expect(await store.list(USER)).toHaveLength(10);
      });

      it('makes ten of 25 users’ that are asked for at once where the server may have ten', async () => {
        const second = await harness.open();
        const options = { limit: 3, serverLimit: 10 };
        const asked = await Promise.allSettled(
          Array.from({ length: 25 }, (_, i) =>
            (i % 2 === 0 ? store : second).create(exampleSession(`s${i}`, { userId: `user-${i}` }), options),
          ),
        );
        expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
        for (const { reason } of asked.filter(result => result.status === 'rejected'))
          expect(reason).toMatchObject({
            code: 'TOO_MANY_SESSIONS',
            message: expect.stringContaining('maxSessionsPerServer'),
            details: { running: 10, limit: 10, serverId: 'server-1' },
          });
        expect(await store.list()).toHaveLength(10);
      });

      it('counts running sessions of the same server only, those that it has claimed too', async () => {
        const one = { limit: 10, serverLimit: 1 };
        const first = await store.create(exampleSession('first'), one);
        const full = () => store.create(exampleSession('second', { userId: 'other' }), one);
        await expect(full()).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
        const theirs = await store.create(exampleSession('theirs', { ownerServer: 'server-2' }), one);
        await store.update(first.id, {}, { state: 'exited' });
        await store.claim(theirs.id, {}, 'server-1', {});
        await expect(full()).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
        await store.delete(theirs.id, {});
        await full();
      });

      it('is held up by nobody when users and servers are many, each with its limit', async () => {
        const second = await harness.open();
        const rows = await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            (i % 2 === 0 ? store : second).create(
              exampleSession(`s${i}`, { userId: `user-${i % 3}`, ownerServer: `server-${i % 5}` }),
              { limit: 14, serverLimit: 8, idempotencyKey: newToken() },
            ),
          ),
        );
        expect(new Set(rows.map(({ id }) => id)).size).toBe(40);
      });

      it('counts running sessions of the same user only', async () => {
        const one = { limit: 1 };
        const first = await store.create(exampleSession('first'), one);
        await expect(store.create(exampleSession('second'), one)).rejects.toMatchObject({
          code: 'TOO_MANY_SESSIONS',
        });
        await store.create(exampleSession('theirs', { userId: 'other' }), one);
        await store.update(first.id, {}, { state: 'exited' });
        await store.create(exampleSession('second'), one);
      });

      it('makes nothing new for a repetition with the same idempotency key', async () => {
        const options = { limit: 1, idempotencyKey: newToken() };
        const first = await store.create(exampleSession('work'), options);
        const again = await store.create(exampleSession('work'), options);
        expect(again).toEqual(first);
        expect(await store.list(USER)).toHaveLength(1);
      });

      it('makes one session of many repetitions at once, from several servers', async () => {
        const second = await harness.open();
        const options = { limit: 1000, idempotencyKey: newToken() };
        const rows = await Promise.all(
          Array.from({ length: 12 }, (_, i) =>
            (i % 2 === 0 ? store : second).create(exampleSession('work'), options),
          ),
        );
        expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
      });

      it('remembers no idempotency key of a call that failed', async () => {
        const idempotencyKey = newToken();
        const blocking = await make('work');
        const call = () => store.create(exampleSession('work'), { ...ROOMY, idempotencyKey });
        await expect(call()).rejects.toMatchObject({ code: 'NAME_TAKEN' });
        await store.delete(blocking.id, {});
        expect((await call()).id).not.toBe(blocking.id);
      });

      it('makes a deleted id again, under a higher revision', async () => {
        const first = await make('work');
        await store.delete(first.id, {});
        const again = await store.create(exampleSession('anew', { id: first.id }), ROOMY);
        expect(again.rev).toBeGreaterThan(first.rev + 1);
        expect(await store.get(first.id)).toEqual(again);
        await expect(store.create(exampleSession('third', { id: first.id }), ROOMY)).rejects.toMatchObject({
          code: 'NAME_TAKEN',
        });
      });
    });

    describe('reads', () => {
      it('know nothing of a session that never was', async () => {
        expect(await store.get('000000000000')).toBeUndefined();
        expect(await store.getByName(USER, 'nothing')).toBeUndefined();
        expect(await store.list(USER)).toEqual([]);
      });

      it('list everybody’s when no user is named', async () => {
        const one = await make('one');
        const two = await store.create(exampleSession('two', { userId: 'other' }), ROOMY);
        const gone = await make('gone');
        await store.delete(gone.id, {});
        expect((await store.list()).map(({ id }) => id)).toEqual([one.id, two.id]);
        expect((await store.list('other')).map(({ id }) => id)).toEqual([two.id]);
      });

      it('list the oldest first', async () => {
        const rows = [await make('one'), await make('two'), await make('three')];
        await store.update(rows[0]?.id ?? '', {}, { name: 'zero' });
        expect((await store.list(USER)).map(row => row.name)).toEqual(['zero', 'two', 'three']);
      });

      it('see what another server has just written', async () => {
        const second = await harness.open();
        const row = await make('work');
        expect(await second.get(row.id)).toEqual(row);
        const renamed = await second.update(row.id, { rev: row.rev }, { name: 'play' });
        expect(await store.get(row.id)).toEqual(renamed);
      });
    });

    describe('update', () => {
      it('replaces the members that it is given and raises the revision', async () => {
        const row = await make('work');
        const after = await store.update(
          row.id,
          { rev: row.rev },
          { state: 'exited', primarySocket: 'socket-1', doc: { exitCode: 3, title: 'done' } },
        );
        expect(after).toMatchObject({ name: 'work', state: 'exited', primarySocket: 'socket-1' });
        expect(after.doc).toEqual(exampleDoc({ exitCode: 3, title: 'done' }));
        expect(after.rev).toBeGreaterThan(row.rev);
        expect(after.ownerEpoch).toBe(row.ownerEpoch);
        expect(await store.get(row.id)).toEqual(after);
        const cleared = await store.update(row.id, {}, { primarySocket: null });
        expect(cleared.primarySocket).toBeNull();
      });

      it('changes nothing under a guard that does not hold', async () => {
        const row = await make('work');
        const after = await store.update(row.id, { rev: row.rev }, { name: 'play' });
        for (const guard of [{ rev: row.rev }, { ownerEpoch: row.ownerEpoch + 1 }, { rev: 0 }]) {
          const stale = store.update(row.id, guard, { name: 'stale' });
          await expect(stale).rejects.toMatchObject({ code: 'STALE_REVISION' });
        }
        expect(await store.get(row.id)).toEqual(after);
      });

      it('loses none of many concurrent read-modify-writes', async () => {
        const second = await harness.open();
        const row = await make('work');
        const increment = async (on: SessionStore): Promise<void> => {
          for (;;) {
            const seen = await on.get(row.id);
            if (seen === undefined) throw new Error('the session is gone');
            const doc = { cols: seen.doc.cols + 1 };
            const done = await on.update(row.id, { rev: seen.rev }, { doc }).catch((error: unknown) => {
              if ((error as { code?: string }).code !== 'STALE_REVISION') throw error;
              return undefined;
            });
            if (done !== undefined) return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, (_, i) => increment(i % 2 === 0 ? store : second)));
        expect((await store.get(row.id))?.doc.cols).toBe(row.doc.cols + 20);
      });

      it('refuses a name that is taken, and takes its own again', async () => {
        const [one] = [await make('one'), await make('two')];
        await expect(store.update(one.id, {}, { name: 'two' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
        await expect(store.update(one.id, {}, { name: 'one' })).resolves.toMatchObject({ name: 'one' });
      });

      it('finds no session that is deleted or never was', async () => {
        const row = await make('work');
        await store.delete(row.id, {});
        for (const id of [row.id, '000000000000'])
          await expect(store.update(id, {}, { name: 'x' })).rejects.toMatchObject({
            code: 'SESSION_NOT_FOUND',
          });
      });
    });

    describe('claim', () => {
      it('makes the server the owner and fences the one before', async () => {
        const row = await make('work');
        const claimed = await store.claim(row.id, { rev: row.rev }, 'server-2', { doc: { pid: 7 } });
        expect(claimed).toMatchObject({ ownerServer: 'server-2', ownerEpoch: claimed.rev });
        expect(claimed.doc.pid).toBe(7);
        const late = store.update(row.id, { ownerEpoch: row.ownerEpoch }, { name: 'late' });
        await expect(late).rejects.toMatchObject({ code: 'STALE_REVISION' });
        await store.update(row.id, { ownerEpoch: claimed.ownerEpoch }, { name: 'mine' });
      });

      it('goes to one of two that claim the same revision', async () => {
        const second = await harness.open();
        const row = await make('work');
        const claims = await Promise.allSettled([
          store.claim(row.id, { rev: row.rev }, 'server-1', {}),
          second.claim(row.id, { rev: row.rev }, 'server-2', {}),
        ]);
        expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });
    });

    describe('delete', () => {
      it('hides the session, frees its name and says whether there was one', async () => {
        const row = await make('work');
        const tombstone = await store.delete(row.id, { rev: row.rev });
        expect(tombstone).toEqual({ id: row.id, rev: expect.any(Number), deleted: true });
        expect(tombstone?.rev).toBeGreaterThan(row.rev);
        expect(await store.delete(row.id, {})).toBeUndefined();
        expect(await store.delete('000000000000', {})).toBeUndefined();
        expect(await store.get(row.id)).toBeUndefined();
        expect(await store.getByName(USER, 'work')).toBeUndefined();
        expect(await store.list(USER)).toEqual([]);
        expect((await make('work')).rev).toBeGreaterThan(row.rev);
      });

      it('deletes nothing under a guard that does not hold', async () => {
        const row = await make('work');
        await store.update(row.id, {}, { name: 'play' });
        const stale = store.delete(row.id, { rev: row.rev });
        await expect(stale).rejects.toMatchObject({ code: 'STALE_REVISION' });
        expect(await store.get(row.id)).toBeDefined();
      });
    });

    it('raises revisions strictly over all writes, deletes and reopening', async () => {
      const revs: number[] = [];
      const row = await make('work');
      revs.push(row.rev);
      revs.push((await store.update(row.id, {}, { name: 'play' })).rev);
      await store.delete(row.id, {});
      await store.collect(Date.now() + 1);
      const reopened = await harness.open();
      revs.push((await reopened.create(exampleSession('work', { id: row.id }), ROOMY)).rev);
      revs.push((await store.claim(row.id, {}, 'server-2', {})).rev);
      expect(revs).toEqual([...new Set(revs)].toSorted((a, b) => a - b));
    });

    describe('activity', () => {
      it('is recorded for many sessions without touching their revision, and never goes back', async () => {
        const [one, two] = [await make('one'), await make('two')];
        const at = Date.now() + 60_000;
        await store.recordActivity(
          new Map([
            [one.id, at],
            [two.id, at + 1],
          ]),
        );
        await store.recordActivity(new Map([[one.id, at - 30_000]]));
        expect(await store.list(USER)).toEqual([
          { ...one, lastActivityAt: at },
          { ...two, lastActivityAt: at + 1 },
        ]);
        expect(await store.get(one.id)).toEqual(one);
      });
    });

    describe('collect', () => {
      it('removes what was deleted before the time, and old idempotency keys', async () => {
        const options = { ...ROOMY, idempotencyKey: newToken() };
        const gone = await store.create(exampleSession('gone'), options);
        const kept = await make('kept');
        await store.recordActivity(new Map([[gone.id, Date.now()]]));
        await store.delete(gone.id, {});
        expect(await store.collect(gone.createdAt - 1000)).toBe(0);
        expect(await store.collect(Date.now() + 1000)).toBe(2);
        expect(await store.list(USER)).toEqual([{ ...kept, lastActivityAt: kept.createdAt }]);
        expect((await store.create(exampleSession('gone'), options)).id).not.toBe(gone.id);
      });
    });

    it('keeps everything over closing and opening', async () => {
      const row = await make('work');
      await store.close();
      const reopened = await harness.open();
      expect(await reopened.list(USER)).toEqual([{ ...row, lastActivityAt: row.createdAt }]);
    });

    it('refuses calls after it was closed', async () => {
      await store.close();
      await expect(store.list(USER)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
}
