import { TermError } from '@triterm/core/errors';
import type { SessionChange, SessionRow, SessionStore } from '@triterm/core/store';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecordWriter } from './record-writer.ts';

const ROW: SessionRow = {
  id: 'a'.repeat(12),
  rev: 1,
  userId: 'local',
  name: 'work',
  ownerServer: 'here',
  ownerEpoch: 1,
  state: 'running',
  primarySocket: null,
  doc: exampleDoc(),
  createdAt: 0,
  updatedAt: 0,
};

/** A store that takes changes, or refuses them while it is broken. */
function setUp() {
  const written: SessionChange[] = [];
  const store = { broken: false };
  let row = ROW;
  const update: SessionStore['update'] = async (_id, _guard, change) => {
    if (store.broken) throw new TermError('DISK_FULL', 'No space.');
    written.push(change);
    row = { ...row, rev: row.rev + 1, ...change, doc: { ...row.doc, ...change.doc } };
    return row;
  };
  const trouble: unknown[] = [];
  const writer = new RecordWriter({ update } as SessionStore, ROW, error => trouble.push(error));
  return { writer, written, store, trouble };
}

describe('RecordWriter', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('knows at once what it learns, and stores it as one change', async () => {
    const { writer, written } = setUp();
    writer.learn({ doc: { title: 'one' } });
    writer.learn({ doc: { title: 'two', cols: 100 } });
    expect(writer.row.doc).toMatchObject({ title: 'two', cols: 100 });
    expect(await writer.flush()).toBe(true);
    expect(written).toEqual([{ doc: { title: 'two', cols: 100 } }]);
    writer.close();
  });

  it('keeps what the store did not take, and tries again until it does', async () => {
    vi.useFakeTimers();
    const { writer, written, store, trouble } = setUp();
    store.broken = true;
    writer.learn({ state: 'exited', doc: { exitCode: 3 } });
    expect(await writer.flush()).toBe(false);
    expect(writer.row).toMatchObject({ state: 'exited', doc: { exitCode: 3 } });
    expect(trouble).toHaveLength(1);
    writer.learn({ doc: { title: 'late' } });
    store.broken = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(written).toEqual([{ state: 'exited', doc: { exitCode: 3, title: 'late' } }]);
    expect(await writer.flush()).toBe(true);
    writer.close();
  });

  it('keeps the latest row, whatever order the answers come in', async () => {
    const answers: ((row: SessionRow) => void)[] = [];
    const update = () => new Promise<SessionRow>(resolve => answers.push(resolve));
    const writer = new RecordWriter(
      { update } as Pick<SessionStore, 'update'> as SessionStore,
      ROW,
      () => {},
    );
    writer.learn({ doc: { title: 'first' } });
    const flushed = writer.flush();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const renamed = writer.command({ name: 'play' });
    const [answerFlush, answerRename] = answers;
    const doc = exampleDoc({ title: 'first' });
    answerRename?.({ ...ROW, rev: 3, name: 'play', doc });
    expect(await renamed).toMatchObject({ name: 'play' });
    answerFlush?.({ ...ROW, rev: 2, doc });
    await flushed;
    expect(writer.row).toMatchObject({ rev: 3, name: 'play' });
    writer.close();
  });
});
