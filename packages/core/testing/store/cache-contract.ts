import { newSessionId } from '@triterm/core/domain';
import type { Epochs, EventChannel, SessionCache, SessionRecord, SessionRow } from '@triterm/core/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inbox } from './event-inbox.ts';
import { exampleSession } from './session-examples.ts';

/** One cache for a suite; every test has ids of its own. */
export interface CacheHarness {
  readonly ttls: { readonly sessionTtlMs: number; readonly tombstoneTtlMs: number };
  /** As one more server has it. */
  open(): SessionCache;
  /** A channel that hears what puts tell. */
  channel(): EventChannel;
  /** The entry goes, as memory is short; fill tokens stay. */
  evict(id: string): Promise<void>;
  /** Any fill token of the id runs out. */
  lapseToken(id: string): Promise<void>;
  dispose(): Promise<void>;
}

export const EPOCHS: Epochs = { db: 'db1', cache: 3 };
const LATER: Epochs = { db: 'db1', cache: 4 };
const RESTORED: Epochs = { db: 'db2', cache: 1 };

export function exampleRow(id: string, rev: number): SessionRow {
  const session = exampleSession(`rev-${rev}`, { id });
  return { ...session, rev, ownerEpoch: 1, primarySocket: null, createdAt: 1000, updatedAt: 1000 + rev };
}

export const tombstone = (id: string, rev: number): SessionRecord => ({ id, rev, deleted: true });

/** What every session cache does. Registers a suite. */
export function cacheContract(name: string, makeHarness: () => Promise<CacheHarness>): void {
  describe(`${name} keeps the session cache's contract`, () => {
    let harness: CacheHarness;
    let cache: SessionCache;
    let other: SessionCache;
    beforeAll(async () => {
      harness = await makeHarness();
      cache = harness.open();
      other = harness.open();
    });
    afterAll(() => harness?.dispose());

    /** The way on which a value comes into an empty cache: by the writer, who has read again. */
    const seed = async (record: SessionRecord, epochs = EPOCHS): Promise<void> => {
      const outcome = await cache.put(record, epochs);
      if (outcome.kind !== 'absent') throw new Error(`there was something: ${outcome.kind}`);
      expect(await cache.fill(record, epochs, outcome.fillToken)).toBe('stored');
    };
    const token = async (id: string, epochs = EPOCHS): Promise<string> => {
      const answer = await cache.get(id, epochs, 0);
      if (answer.kind !== 'miss' || answer.fillToken === undefined) throw new Error('there is no token');
      return answer.fillToken;
    };
    const versionOf = async (id: string) => (await cache.inspect(id))?.version;

    describe('get', () => {
      it('is a miss for what it never had, and gives one reader the leave to fill', async () => {
        const id = newSessionId();
        const first = await cache.get(id, EPOCHS, 0);
        expect(first).toEqual({ kind: 'miss', reason: 'absent', fillToken: expect.any(String) });
        expect(await other.get(id, EPOCHS, 0)).toEqual({
          kind: 'miss',
          reason: 'absent',
          fillToken: undefined,
        });
      });

      it('returns the row as it was put, to every server', async () => {
        const row = exampleRow(newSessionId(), 7);
        await seed(row);
        for (const each of [cache, other])
          expect(await each.get(row.id, EPOCHS, 7)).toEqual({ kind: 'hit', row });
      });

      it('knows what was deleted from what never was', async () => {
        const id = newSessionId();
        await seed(tombstone(id, 9));
        expect(await other.get(id, EPOCHS, 9)).toEqual({ kind: 'deleted', rev: 9 });
      });

      it('is a miss below the floor, for a row and for a tombstone', async () => {
        for (const record of [exampleRow(newSessionId(), 5), tombstone(newSessionId(), 5)]) {
          await seed(record);
          expect(await cache.get(record.id, EPOCHS, 6)).toMatchObject({ kind: 'miss', reason: 'floor' });
          expect(await cache.get(record.id, EPOCHS, 5)).not.toMatchObject({ kind: 'miss' });
        }
      });

      it.each([LATER, RESTORED])('is a miss for an entry of another epoch than %j', async epochs => {
        const row = exampleRow(newSessionId(), 5);
        await seed(row);
        expect(await cache.get(row.id, epochs, 0)).toMatchObject({ kind: 'miss', reason: 'epoch' });
      });
    });

    describe('put', () => {
      it('stores nothing where nothing is, and lets the writer fill in place of readers', async () => {
        const row = exampleRow(newSessionId(), 3);
        const reader = await token(row.id);
        const outcome = await cache.put(row, EPOCHS);
        expect(outcome).toEqual({ kind: 'absent', fillToken: expect.any(String) });
        expect(await cache.inspect(row.id)).toBeUndefined();
        expect(await other.fill(exampleRow(row.id, 2), EPOCHS, reader)).toBe('noToken');
        const fillToken = outcome.kind === 'absent' ? outcome.fillToken : '';
        expect(await cache.fill(row, EPOCHS, fillToken)).toBe('stored');
      });

      it('replaces what is older, and nothing that is as new or newer', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 5));
        expect(await cache.put(exampleRow(id, 6), EPOCHS)).toEqual({ kind: 'stored' });
        for (const rev of [6, 5, 1])
          expect(await other.put(exampleRow(id, rev), EPOCHS)).toEqual({ kind: 'older' });
        expect(await cache.get(id, EPOCHS, 0)).toEqual({ kind: 'hit', row: exampleRow(id, 6) });
      });

      it('compares versions as numbers', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 9));
        expect(await cache.put(exampleRow(id, 10), EPOCHS)).toEqual({ kind: 'stored' });
        expect(await cache.put(exampleRow(id, 2 ** 53 - 2), EPOCHS)).toEqual({ kind: 'stored' });
        expect(await cache.put(exampleRow(id, 2 ** 53 - 1), EPOCHS)).toEqual({ kind: 'stored' });
        expect(await cache.put(exampleRow(id, 2 ** 53 - 2), EPOCHS)).toEqual({ kind: 'older' });
      });

      it('lets a tombstone replace a row, no older row the tombstone, and a newer one again', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 5));
        expect(await cache.put(tombstone(id, 6), EPOCHS)).toEqual({ kind: 'stored' });
        expect(await other.put(exampleRow(id, 5), EPOCHS)).toEqual({ kind: 'older' });
        expect(await cache.get(id, EPOCHS, 0)).toEqual({ kind: 'deleted', rev: 6 });
        expect(await cache.put(exampleRow(id, 7), EPOCHS)).toEqual({ kind: 'stored' });
      });

      it('leaves an entry of a later epoch alone', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 5), LATER);
        expect(await cache.put(exampleRow(id, 9), EPOCHS)).toEqual({ kind: 'epoch' });
        expect(await cache.get(id, LATER, 0)).toEqual({ kind: 'hit', row: exampleRow(id, 5) });
      });

      it.each([LATER, RESTORED])(
        'takes an entry of an earlier epoch than %j for absent, whatever its version',
        async epochs => {
          const id = newSessionId();
          await seed(exampleRow(id, 9));
          await seed(exampleRow(id, 5), epochs);
          expect(await cache.get(id, epochs, 0)).toEqual({ kind: 'hit', row: exampleRow(id, 5) });
        },
      );

      it('tells all servers, whatever the outcome', async () => {
        const channel = harness.channel();
        const inbox = new Inbox();
        await channel.subscribe(inbox);
        const id = newSessionId();
        await seed(exampleRow(id, 5));
        await cache.put(exampleRow(id, 6), EPOCHS);
        await cache.put(exampleRow(id, 4), EPOCHS);
        const own = () => inbox.messages.filter(message => message.includes(id));
        await inbox.until(() => own().length === 3);
        expect(own().map(message => JSON.parse(message))).toEqual([5, 6, 4].map(rev => ({ c: [[id, rev]] })));
        await channel.close();
      });

      it('takes many at once and answers in their order', async () => {
        const ids = Array.from({ length: 100 }, () => newSessionId());
        const first = await cache.putAll(
          ids.map(id => exampleRow(id, 2)),
          EPOCHS,
        );
        expect(first.every(({ kind }) => kind === 'absent')).toBe(true);
        await Promise.all(
          first.map((outcome, index) =>
            outcome.kind === 'absent' && index % 2 === 0
              ? cache.fill(exampleRow(ids[index] ?? '', 2), EPOCHS, outcome.fillToken)
              : undefined,
          ),
        );
        const revs = ids.map((_, index) => (index % 4 === 0 ? 1 : 3));
        const second = await other.putAll(
          ids.map((id, index) => exampleRow(id, revs[index] ?? 0)),
          EPOCHS,
        );
        expect(second.map(({ kind }) => kind)).toEqual(
          ids.map((_, index) => (index % 2 === 1 ? 'absent' : index % 4 === 0 ? 'older' : 'stored')),
        );
        expect(await cache.putAll([], EPOCHS)).toEqual([]);
      });
    });

    describe('fill', () => {
      it('needs the token where nothing is, and takes it once', async () => {
        const row = exampleRow(newSessionId(), 5);
        const given = await token(row.id);
        expect(await other.fill(row, EPOCHS, 'made-up')).toBe('noToken');
        expect(await cache.fill(row, EPOCHS, given)).toBe('stored');
        await harness.evict(row.id);
        expect(await cache.fill(row, EPOCHS, given)).toBe('noToken');
        expect(await cache.inspect(row.id)).toBeUndefined();
      });

      it('comes too late when its token has run out', async () => {
        const row = exampleRow(newSessionId(), 5);
        const given = await token(row.id);
        await harness.lapseToken(row.id);
        expect(await cache.fill(row, EPOCHS, given)).toBe('noToken');
        expect(await other.get(row.id, EPOCHS, 0)).toMatchObject({ fillToken: expect.any(String) });
      });

      it('of a reader that slept over a delete and the eviction of its tombstone brings nothing back', async () => {
        const id = newSessionId();
        const asleep = await token(id);
        await seed(tombstone(id, 6));
        await harness.evict(id);
        expect(await cache.fill(exampleRow(id, 5), EPOCHS, asleep)).toBe('noToken');
        expect(await cache.inspect(id)).toBeUndefined();
      });

      it('of a writer that slept over a newer write and its eviction brings nothing back', async () => {
        const id = newSessionId();
        const asleep = await cache.put(exampleRow(id, 5), EPOCHS);
        await other.put(exampleRow(id, 6), EPOCHS);
        const fillToken = asleep.kind === 'absent' ? asleep.fillToken : '';
        expect(await cache.fill(exampleRow(id, 5), EPOCHS, fillToken)).toBe('noToken');
      });

      it('replaces an older entry of its epoch without a token, and no newer one with it', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 5));
        expect(await cache.fill(exampleRow(id, 6), EPOCHS, 'none')).toBe('stored');
        const given = await cache.get(id, EPOCHS, 7);
        const fillToken = given.kind === 'miss' ? given.fillToken : undefined;
        expect(fillToken).toEqual(expect.any(String));
        expect(await cache.fill(exampleRow(id, 4), EPOCHS, fillToken ?? '')).toBe('older');
        expect(await versionOf(id)).toBe(6);
      });

      it('needs the token to replace an entry of an earlier epoch, and never replaces one of a later', async () => {
        const id = newSessionId();
        await seed(exampleRow(id, 9));
        expect(await cache.fill(exampleRow(id, 5), LATER, 'none')).toBe('noToken');
        expect(await cache.fill(exampleRow(id, 5), LATER, await token(id, LATER))).toBe('stored');
        expect(await cache.fill(exampleRow(id, 10), EPOCHS, await token(id))).toBe('epoch');
        expect(await cache.get(id, LATER, 0)).toEqual({ kind: 'hit', row: exampleRow(id, 5) });
      });

      it('tells nobody: the writer has', async () => {
        const channel = harness.channel();
        const inbox = new Inbox();
        await channel.subscribe(inbox);
        const [filled, written] = [exampleRow(newSessionId(), 5), exampleRow(newSessionId(), 5)];
        await cache.fill(filled, EPOCHS, await token(filled.id));
        await cache.put(written, EPOCHS);
        await inbox.until(({ messages }) => messages.some(message => message.includes(written.id)));
        expect(inbox.messages.filter(message => message.includes(filled.id))).toEqual([]);
        await channel.close();
      });
    });

    describe('inspect', () => {
      it('shows version, epoch and the whole value, and how long it will stand', async () => {
        const [row, deleted] = [exampleRow(newSessionId(), 5), tombstone(newSessionId(), 6)];
        await seed(row);
        await seed(deleted);
        const { rev: version, ...rest } = row;
        const shown = await other.inspect(row.id);
        expect(shown).toMatchObject({
          version,
          epoch: 'db1.3',
          deleted: false,
          value: { version, epoch: 'db1.3', ...rest },
        });
        expect(await other.inspect(deleted.id)).toMatchObject({
          deleted: true,
          value: { version: 6, deleted: true },
        });
        const { sessionTtlMs, tombstoneTtlMs } = harness.ttls;
        expect(shown?.ttlMs).toBeLessThanOrEqual(sessionTtlMs);
        expect(shown?.ttlMs).toBeGreaterThan(sessionTtlMs / 2);
        expect((await cache.inspect(deleted.id))?.ttlMs).toBeLessThanOrEqual(tombstoneTtlMs);
        expect(await cache.inspect(newSessionId())).toBeUndefined();
      });
    });

    describe('invalidate', () => {
      it('removes the entry and the leave to fill it, and says whether there was an entry', async () => {
        const row = exampleRow(newSessionId(), 5);
        await seed(row);
        expect(await other.invalidate(row.id)).toBe(true);
        const given = await token(row.id);
        expect(await other.invalidate(row.id)).toBe(false);
        expect(await cache.fill(row, EPOCHS, given)).toBe('noToken');
      });
    });
  });
}
