import { TermError } from '@triterm/core/errors';
import type { SessionChange, SessionRow, SessionStore, WriteGuard } from '@triterm/core/store';
import { exampleDoc, exampleRow } from '@triterm/core/testing/store/session-examples';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecordWriter, type RecordWriterOptions } from './record-writer.ts';

const ROW = exampleRow();

/** A store with one row that takes an owner's writes, or refuses them while it is broken, and a lease that it checks. */
class World {
  readonly written: SessionChange[] = [];
  readonly trouble: unknown[] = [];
  readonly superseded: (SessionRow | undefined)[] = [];
  /** What the database has; undefined: deleted. */
  row: SessionRow | undefined = ROW;
  broken = false;
  /** The next claim is done, and its answer lost. */
  loseAnswer = false;
  /** Incarnation whose lease the database knows. */
  incarnation = 7;
  readonly lease = {
    held: true,
    incarnation: 7,
    ensured: [] as (number | undefined)[],
    ensure: async (_timeoutMs: number, refused?: number) => {
      this.lease.ensured.push(refused);
      this.lease.incarnation = this.incarnation;
      this.lease.held = true;
      return true;
    },
  };
  readonly writer: RecordWriter;

  constructor(change: Partial<RecordWriterOptions['store']> = {}) {
    this.writer = new RecordWriter(
      {
        store: {
          update: async (_id, guard, wanted) => this.write(guard, wanted, {}),
          claim: async (_id, guard, ownerServer, wanted) => {
            const row = this.write(guard, wanted, { ownerServer });
            if (!this.loseAnswer) return row;
            this.loseAnswer = false;
            throw new TermError('OUTCOME_UNKNOWN', 'No answer.');
          },
          delete: async (id, guard) => {
            const { rev } = this.write(guard, {}, {});
            this.row = undefined;
            return { id, rev, deleted: true };
          },
          ...change,
        },
        database: { read: async () => this.row },
        lease: this.lease,
        serverId: 'here',
        ownIds: new Set(['here', 'here-before']),
        trouble: error => this.trouble.push(error),
        superseded: present => this.superseded.push(present),
      },
      ROW,
    );
  }

  /** Another server claims it. */
  takenBy(ownerServer: string): SessionRow {
    const rev = (this.row?.rev ?? 0) + 1;
    this.row = { ...ROW, ...this.row, rev, ownerServer, ownerEpoch: rev };
    return this.row;
  }

  /** As the database does. */
  write(guard: WriteGuard, change: SessionChange, claim: { ownerServer?: string }): SessionRow {
    if (this.broken) throw new TermError('DISK_FULL', 'No space.');
    if (guard.incarnation !== this.incarnation) throw new TermError('LEASE_LOST', 'Another incarnation.');
    if (this.row === undefined) throw new TermError('SESSION_NOT_FOUND', 'There is none.');
    if (guard.ownerEpoch !== this.row.ownerEpoch) throw new TermError('STALE_REVISION', 'Another epoch.');
    this.written.push(change);
    const rev = this.row.rev + 1;
    const owner = claim.ownerServer === undefined ? {} : { ...claim, ownerEpoch: rev };
    this.row = { ...this.row, rev, ...change, ...owner, doc: { ...this.row.doc, ...change.doc } };
    return this.row;
  }
}

describe('RecordWriter', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('knows at once what it learns, and stores it as one change', async () => {
    const { writer, written } = new World();
    writer.learn({ doc: { title: 'one' } });
    writer.learn({ doc: { title: 'two', cols: 100 } });
    expect(writer.row.doc).toMatchObject({ title: 'two', cols: 100 });
    expect(await writer.flush()).toBe(true);
    expect(written).toEqual([{ doc: { title: 'two', cols: 100 } }]);
    writer.close();
  });

  it('keeps what the store did not take, and tries again until it does', async () => {
    vi.useFakeTimers();
    const world = new World();
    const { writer } = world;
    world.broken = true;
    writer.learn({ state: 'exited', doc: { exitCode: 3 } });
    expect(await writer.flush()).toBe(false);
    expect(writer.row).toMatchObject({ state: 'exited', doc: { exitCode: 3 } });
    expect(world.trouble).toHaveLength(1);
    writer.learn({ doc: { title: 'late' } });
    world.broken = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(world.written).toEqual([{ state: 'exited', doc: { exitCode: 3, title: 'late' } }]);
    expect(await writer.flush()).toBe(true);
    writer.close();
  });

  it('keeps the latest row, whatever order the answers come in', async () => {
    const answers: ((row: SessionRow) => void)[] = [];
    const update: SessionStore['update'] = () => new Promise<SessionRow>(resolve => answers.push(resolve));
    const { writer } = new World({ update });
    writer.learn({ doc: { title: 'first' } });
    const flushed = writer.flush();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const renamed = writer.command({ name: 'play' });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    const [answerFlush, answerRename] = answers;
    const doc = exampleDoc({ title: 'first' });
    answerRename?.({ ...ROW, rev: 3, name: 'play', doc });
    expect(await renamed).toMatchObject({ name: 'play' });
    answerFlush?.({ ...ROW, rev: 2, doc });
    await flushed;
    expect(writer.row).toMatchObject({ rev: 3, name: 'play' });
    writer.close();
  });

  describe('without a lease', () => {
    it('stores nothing and keeps what it has until there is one again', async () => {
      vi.useFakeTimers();
      const world = new World();
      world.lease.held = false;
      world.writer.learn({ doc: { title: 'kept' } });
      await vi.advanceTimersByTimeAsync(3000);
      expect(world.written).toEqual([]);
      world.lease.held = true;
      await vi.advanceTimersByTimeAsync(600);
      expect(world.written).toEqual([{ doc: { title: 'kept' } }]);
      expect(world.trouble).toEqual([]);
      world.writer.close();
    });

    it('asks for it and repeats a command once, when the database says that it has lapsed', async () => {
      const world = new World();
      world.incarnation = 8;
      expect(await world.writer.command({ name: 'play' })).toMatchObject({ name: 'play' });
      expect(world.lease.ensured).toEqual([7]);
      world.writer.close();
    });

    it('refuses a command for which none can be had', async () => {
      const world = new World();
      world.incarnation = 8;
      world.lease.ensure = async () => false;
      await expect(world.writer.command({ name: 'play' })).rejects.toMatchObject({ code: 'LEASE_LOST' });
      world.writer.close();
    });
  });

  describe('taking its session up anew', () => {
    it('claims a higher epoch in one write with what is pending, and writes under that', async () => {
      const { writer, written } = new World();
      writer.learn({ doc: { pid: 99 } });
      await writer.claim();
      expect(writer.row).toMatchObject({ ownerEpoch: 2, rev: 2, doc: { pid: 99 } });
      expect(written).toEqual([{ doc: { pid: 99 } }]);
      await writer.command({ name: 'play' });
      expect(writer.row).toMatchObject({ ownerEpoch: 2, rev: 3 });
      writer.close();
    });

    it('goes on claiming until the store takes it', async () => {
      vi.useFakeTimers();
      const world = new World();
      world.broken = true;
      await world.writer.claim();
      expect(world.writer.row.ownerEpoch).toBe(1);
      world.broken = false;
      await vi.advanceTimersByTimeAsync(1000);
      expect(world.writer.row.ownerEpoch).toBe(2);
      world.writer.close();
    });

    it('recognises its own claim whose answer was lost', async () => {
      vi.useFakeTimers();
      const world = new World();
      world.loseAnswer = true;
      await world.writer.claim();
      await vi.advanceTimersByTimeAsync(2000);
      expect(world.superseded).toEqual([]);
      expect(world.writer.row).toMatchObject({ ownerEpoch: 2 });
      world.writer.learn({ doc: { title: 'after' } });
      expect(await world.writer.flush()).toBe(true);
      world.writer.close();
    });

    it('repeats a command that its own claim has overtaken', async () => {
      const claimed = Promise.withResolvers<void>();
      const world: World = new World({
        update: async (_id, guard, change) => {
          await claimed.promise;
          return world.write(guard, change, {});
        },
      });
      const { writer } = world;
      const renamed = writer.command({ name: 'play' });
      await writer.claim();
      claimed.resolve();
      expect(await renamed).toMatchObject({ name: 'play', ownerEpoch: 2 });
      expect(world.superseded).toEqual([]);
      writer.close();
    });
  });

  describe('whose session another server has claimed', () => {
    it('says so once, and writes nothing any more', async () => {
      vi.useFakeTimers();
      const world = new World();
      const theirs = world.takenBy('there');
      world.writer.learn({ doc: { title: 'mine' } });
      expect(await world.writer.flush()).toBe(false);
      world.writer.learn({ doc: { title: 'still mine' } });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(world.superseded).toEqual([theirs]);
      expect(world.written).toEqual([]);
      expect(world.row).toEqual(theirs);
      await expect(world.writer.command({ name: 'play' })).rejects.toMatchObject({ code: 'SESSION_MOVED' });
      world.writer.close();
    });

    it('notices it at its own claim', async () => {
      const world = new World();
      const theirs = world.takenBy('there');
      await world.writer.claim();
      expect(world.superseded).toEqual([theirs]);
      expect(world.row).toEqual(theirs);
      world.writer.close();
    });

    it('notices it by comparing, without having to write', async () => {
      const world = new World();
      await world.writer.compare(1, world.row);
      expect(world.superseded).toEqual([]);
      const theirs = world.takenBy('there');
      await world.writer.compare(1, theirs);
      expect(world.superseded).toEqual([theirs]);
      world.writer.close();
    });

    it('is not misled by an older list, nor by one that was read before its own claim', async () => {
      const world = new World();
      await world.writer.claim();
      await world.writer.compare(1, { ...ROW, ownerEpoch: 5 });
      await world.writer.compare(2, undefined);
      await world.writer.compare(2, ROW);
      expect(world.superseded).toEqual([]);
      world.writer.close();
    });

    it('goes on in the row that it is given instead, with what was pending', async () => {
      const world = new World();
      world.takenBy('there');
      world.writer.learn({ state: 'exited' });
      await world.writer.flush();
      world.row = { ...ROW, id: 'b'.repeat(12), rev: 10, ownerEpoch: 10 };
      world.writer.replace(world.row);
      expect(await world.writer.flush()).toBe(true);
      expect(world.row).toMatchObject({ id: 'b'.repeat(12), state: 'exited', rev: 11 });
      world.writer.close();
    });
  });

  describe('whose database has gone back to an earlier state', () => {
    /** Claimed and written to; then the database has what it had before, with this change. */
    const rewound = async (change: Partial<SessionRow> = {}): Promise<World> => {
      const world = new World();
      await world.writer.claim();
      world.writer.learn({ state: 'exited', doc: { exitCode: 3 } });
      await world.writer.flush();
      world.row = { ...ROW, ...change };
      return world;
    };
    const again = { ownerServer: 'here', ownerEpoch: 2, state: 'exited', doc: { exitCode: 3 } };

    it('claims its session again with all that it knows, when a write finds the earlier epoch', async () => {
      vi.useFakeTimers();
      const world = await rewound({ name: 'before' });
      world.writer.learn({ doc: { title: 'late' } });
      await vi.advanceTimersByTimeAsync(2000);
      expect(world.row).toMatchObject({ ...again, name: 'before', doc: { exitCode: 3, title: 'late' } });
      expect(world.writer.row).toEqual(world.row);
      expect(world.superseded).toEqual([]);
      world.writer.close();
    });

    it('does so when it compares, also from a row of an earlier name of its server', async () => {
      const world = await rewound({ ownerServer: 'here-before' });
      await world.writer.compare(2, world.row);
      expect(await world.writer.flush()).toBe(true);
      expect(world.row).toMatchObject(again);
      world.writer.close();
    });

    it('carries out a command all the same', async () => {
      const world = await rewound();
      expect(await world.writer.command({ name: 'play' })).toMatchObject({ ...again, name: 'play' });
      world.writer.close();
    });

    it('deletes its session all the same', async () => {
      const world = await rewound();
      await world.writer.delete();
      expect(world.row).toBeUndefined();
    });

    it('stores again what was lost, though the epoch is the same', async () => {
      const world = await rewound({ rev: 1, ownerEpoch: 2 });
      await world.writer.command({ doc: { title: 'new' } });
      expect(await world.writer.flush()).toBe(true);
      expect(world.row).toMatchObject({ state: 'exited', doc: { exitCode: 3, title: 'new' } });
      expect(world.writer.row).toEqual(world.row);
      world.writer.close();
    });

    it.each([
      ['an earlier epoch', { rev: 1, ownerEpoch: 1 }],
      ['the same epoch, issued twice', { rev: 9, ownerEpoch: 2 }],
    ])('gives its session up to another server, which has it under %s', async (_which, claim) => {
      const world = await rewound({ ownerServer: 'there', ...claim });
      const theirs = world.row;
      await world.writer.compare(2, theirs);
      expect(world.superseded).toEqual([theirs]);
      world.writer.close();
    });
  });

  describe('whose session is made anew here', () => {
    /** Another one's claim for this server, which is done at once, and whose answer comes when it is let go. */
    const claiming = (world: World) => {
      const answer = Promise.withResolvers<void>();
      const done = world.writer.claimBy(async () => {
        const row = world.takenBy('here');
        await answer.promise;
        return row;
      });
      return { done, answer };
    };

    it('is not superseded by that, and goes on under its epoch', async () => {
      const world = new World();
      const { done, answer } = claiming(world);
      await vi.waitFor(() => expect(world.row?.ownerEpoch).toBe(2));
      world.writer.learn({ doc: { title: 'new' } });
      await world.writer.compare(1, world.row);
      expect(await world.writer.flush()).toBe(false);
      answer.resolve();
      await done;
      expect(world.superseded).toEqual([]);
      expect(await world.writer.flush()).toBe(true);
      expect(world.writer.row).toMatchObject({ ownerEpoch: 2, doc: { title: 'new' } });
      world.writer.close();
    });

    it('has commands and its deletion wait', async () => {
      const world = new World();
      const { done, answer } = claiming(world);
      await vi.waitFor(() => expect(world.row?.ownerEpoch).toBe(2));
      const renamed = world.writer.command({ name: 'play' });
      const deleted = renamed.then(() => world.writer.delete());
      await expect(world.writer.claimBy(async () => ROW)).rejects.toMatchObject({ code: 'SESSION_MOVED' });
      answer.resolve();
      await Promise.all([done, renamed, deleted]);
      expect(world.superseded).toEqual([]);
      expect(world.row).toBeUndefined();
    });

    it('goes on as before when that was refused', async () => {
      const world = new World();
      const refused = new TermError('OWNER_ALIVE', 'It lives.');
      await expect(world.writer.claimBy(() => Promise.reject(refused))).rejects.toBe(refused);
      await world.writer.command({ name: 'play' });
      const theirs = world.takenBy('there');
      await world.writer.compare(1, theirs);
      expect(world.superseded).toEqual([theirs]);
      world.writer.close();
    });

    it('recognises it later when its answer was lost', async () => {
      vi.useFakeTimers();
      const world = new World();
      const claimed = world.writer.claimBy(async () => {
        world.takenBy('here');
        throw new TermError('OUTCOME_UNKNOWN', 'No answer.');
      });
      await expect(claimed).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      world.writer.learn({ state: 'lost' });
      await vi.advanceTimersByTimeAsync(2000);
      expect(world.superseded).toEqual([]);
      expect(world.row).toMatchObject({ ownerEpoch: 2, state: 'lost' });
      world.writer.close();
    });
  });

  it('does not delete what was made anew while it waited, and does it otherwise', async () => {
    const world = new World();
    world.writer.learn({ state: 'lost' });
    await world.writer.flush();
    const claim = Promise.withResolvers<void>();
    const claiming = world.writer.claimBy(async () => {
      await claim.promise;
      world.row = { ...(world.row ?? ROW), state: 'running', ownerEpoch: ROW.ownerEpoch + 1 };
      return world.row;
    });
    const deleted = world.writer.delete({ onlyEnded: true });
    claim.resolve();
    await claiming;
    await expect(deleted).rejects.toMatchObject({ code: 'SESSION_MOVED' });
    expect(world.row).toMatchObject({ state: 'running' });
    await world.writer.delete();
    expect(world.row).toBeUndefined();
  });

  it('deletes what has ended also where that could not be stored yet', async () => {
    const world = new World();
    world.broken = true;
    world.writer.learn({ state: 'exited' });
    await world.writer.flush();
    world.broken = false;
    await world.writer.delete({ onlyEnded: true });
    expect(world.row).toBeUndefined();
  });

  it('is deleted once by two who want it at the same time', async () => {
    const world = new World();
    await Promise.all([world.writer.delete(), world.writer.delete()]);
    expect(world.row).toBeUndefined();
    expect(world.superseded).toEqual([]);
  });

  it('is not superseded by its own delete', async () => {
    const world = new World();
    world.writer.learn({ doc: { title: 'last words' } });
    await world.writer.delete();
    await world.writer.compare(1, undefined);
    expect(world.superseded).toEqual([]);
    expect(world.row).toBeUndefined();
  });

  it('says when somebody else has deleted its session', async () => {
    const world = new World();
    world.row = undefined;
    world.writer.learn({ doc: { title: 'gone' } });
    await world.writer.flush();
    expect(world.superseded).toEqual([undefined]);
    world.writer.close();
  });
});
