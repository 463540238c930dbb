import type { SessionEvent } from '@triterm/core/protocol';
import type { SessionRow } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Told } from '../session/event-bus.ts';
import { FleetEventsPicture } from './fleet-events-picture.ts';

const LATER_MS = 10_000;

function row(known: Partial<Omit<SessionRow, 'doc'>> = {}, doc: Partial<SessionRow['doc']> = {}): SessionRow {
  return {
    id: 'work-id',
    rev: 1,
    userId: 'anna',
    name: 'work',
    ownerServer: 'server-2',
    ownerEpoch: 1,
    state: 'running',
    primarySocket: null,
    createdAt: 1000,
    updatedAt: 2000,
    ...known,
    doc: {
      ...{
        argv: [],
        command: 'bash',
        shell: null,
        cwd: '/',
        title: '',
        cols: 80,
        rows: 24,
        sizePolicy: 'latest',
      },
      ...{
        labels: {},
        scrollbackLines: 0,
        pid: 1,
        hostId: null,
        exitCode: null,
        signal: null,
        endedAt: null,
        bootId: 'b',
      },
      ...doc,
    },
  };
}

function hint(type: SessionEvent['type'], data: SessionEvent['data'] = {}, at = Date.now()): Told {
  return {
    event: {
      type,
      at: new Date(at).toISOString(),
      session: 'work-id',
      name: 'work',
      server: 'server-2',
      data,
    },
    userId: 'anna',
  };
}

function begun(...rows: SessionRow[]) {
  const picture = new FleetEventsPicture('server-1');
  picture.begin(rows);
  const compare = (found: readonly SessionRow[], nowMs = LATER_MS) => {
    const { missed, isSettled } = picture.compare(found, nowMs, Date.now());
    return {
      events: missed.map(({ event }) => event),
      types: missed.map(({ event }) => event.type),
      isSettled,
    };
  };
  return { picture, compare };
}

describe('what the database shows', () => {
  it('is no news as it is when somebody begins to listen', () => {
    const { compare } = begun(row());
    expect(compare([row()])).toEqual({ events: [], types: [], isSettled: true });
  });

  it('is told when it was missed', () => {
    const { compare } = begun(row());
    const { events } = compare([
      row({ rev: 9, name: 'play', state: 'exited' }, { title: 't', cwd: '/usr', cols: 90, exitCode: 3 }),
    ]);
    expect(events.map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'renamed', data: { name: 'play', before: 'work' } },
      { type: 'resized', data: { cols: 90, rows: 24 } },
      { type: 'title', data: { title: 't' } },
      { type: 'cwd', data: { cwd: '/usr' } },
      { type: 'exited', data: { exitCode: 3, signal: null } },
    ]);
    expect(events[0]).toMatchObject({
      server: 'server-2',
      session: 'work-id',
      at: new Date(2000).toISOString(),
    });
    expect(
      compare([row({ rev: 9, name: 'play', state: 'exited' }, { title: 't', cwd: '/usr', cols: 90 })]).events,
    ).toEqual([]);
  });

  it('is told of sessions that came and went', () => {
    const { compare } = begun();
    expect(compare([row()]).types).toEqual(['created']);
    expect(compare([row({ rev: 2, state: 'lost' })]).types).toEqual(['lost']);
    expect(compare([row({ rev: 3, ownerServer: 'server-3' })]).types).toEqual(['moved', 'created']);
    expect(compare([])).toMatchObject({ events: [{ type: 'removed', name: 'work', server: 'server-3' }] });
    expect(compare([]).types).toEqual([]);
    expect(begun().compare([row({ state: 'exited' })]).types).toEqual(['created', 'exited']);
  });

  it('is not told of own sessions, until another server has them', () => {
    const { compare } = begun();
    expect(compare([row({ ownerServer: 'server-1' })]).types).toEqual([]);
    expect(compare([row({ ownerServer: 'server-1', rev: 2 }, { title: 'mine' })]).types).toEqual([]);
    expect(compare([row({ rev: 3 }, { title: 'mine' })]).types).toEqual(['moved']);
    expect(compare([]).types).toEqual(['removed']);
    const own = begun(row({ ownerServer: 'server-1' }));
    expect(own.compare([]).types).toEqual([]);
  });
});

describe('a hint', () => {
  it('is told, and what the database then has of it is not', () => {
    const { picture, compare } = begun(row());
    for (const told of [
      hint('title', { title: 'a' }),
      hint('title', { title: 'b' }),
      hint('resized', { cols: 90, rows: 24 }),
    ])
      expect(picture.heard(told, 0)).toBe('news');
    expect(compare([row({ rev: 5 }, { title: 'b', cols: 90 })]).types).toEqual([]);
    for (const told of [hint('exited'), hint('removed')]) expect(picture.heard(told, LATER_MS)).toBe('news');
    expect(compare([row({ rev: 6, state: 'exited' }, { title: 'b', cols: 90 })]).types).toEqual([]);
    expect(compare([]).types).toEqual([]);
  });

  it('is ahead of the database for a moment, which is no reason to tell the old state', () => {
    const { picture, compare } = begun(row());
    picture.heard(hint('title', { title: 'new' }), 0);
    expect(compare([row({ rev: 2, name: 'play' }, { title: '' })], 100)).toMatchObject({
      types: ['renamed'],
      isSettled: false,
    });
    expect(compare([row({ rev: 3, name: 'play' }, { title: 'new' })], 1100)).toMatchObject({
      types: [],
      isSettled: true,
    });
  });

  it('holds, however late its owner can store it', () => {
    const { picture, compare } = begun(row());
    picture.heard(hint('title', { title: 'new' }), 0);
    expect(compare([row()])).toEqual({ events: [], types: [], isSettled: true });
    expect(compare([row({ rev: 2 }, { title: 'new' })]).types).toEqual([]);
  });

  it('of a new session comes before a list that was begun earlier, which takes nothing back', () => {
    const { picture, compare } = begun();
    expect(picture.heard(hint('created', { command: 'bash' }), 0)).toBe('news');
    expect(compare([], 10)).toEqual({ events: [], types: [], isSettled: false });
    expect(compare([row()], 1000).types).toEqual([]);
    picture.heard(hint('removed'), 1000);
    expect(compare([row()], 1010).types).toEqual([]);
  });

  it('that came while the first list was read keeps its word', () => {
    const picture = new FleetEventsPicture('server-1');
    picture.heard(hint('title', { title: 'new' }), 0);
    picture.begin([row()]);
    expect(picture.compare([row({ rev: 2 }, { title: 'new' })], 1000, 0).missed).toEqual([]);
  });

  it('of what was so when somebody began to listen is told all the same', () => {
    const { picture } = begun(row({}, { title: 'a' }));
    expect(picture.heard(hint('title', { title: 'a' }), 0)).toBe('news');
    expect(picture.heard(hint('title', { title: 'a' }), 0)).toBe('known');
  });

  it('that comes after the database has told of it is no news', () => {
    const { picture, compare } = begun(row());
    const before = Date.now() - 1000;
    compare([row({ rev: 4, state: 'exited' }, { title: 'b' })]);
    expect(picture.heard(hint('exited', {}, before), LATER_MS)).toBe('known');
    expect(picture.heard(hint('title', { title: 'b' }, before), LATER_MS)).toBe('known');
    expect(picture.heard(hint('title', { title: 'a' }, before), LATER_MS)).toBe('old');
    expect(picture.heard(hint('title', { title: 'c' }, Date.now() + 1), LATER_MS)).toBe('news');
    compare([]);
    expect(picture.heard(hint('removed', {}, before), LATER_MS)).toBe('known');
  });

  it('that is on its way while the database shows what comes after it is told, where nothing was known before', () => {
    const { picture, compare } = begun();
    const before = Date.now() - 100;
    picture.heard(hint('created', {}, before), 0);
    compare([row()], 100);
    for (const size of [60, 80])
      expect(picture.heard(hint('resized', { cols: size, rows: 24 }, before), 100)).toBe('news');
    const found = begun();
    found.compare([row()]);
    expect(found.picture.heard(hint('created', {}, before), LATER_MS)).toBe('known');
    expect(found.picture.heard(hint('title', { title: 'a' }, before), LATER_MS)).toBe('news');
  });

  it('of a move is told once, by whichever of the two servers it comes first', () => {
    const { picture, compare } = begun(row({ ownerServer: 'server-3' }));
    expect(picture.heard(hint('moved', { before: 'server-3' }), 0)).toBe('news');
    const late = hint('moved', { owner: 'server-2' });
    expect(picture.heard({ ...late, event: { ...late.event, server: 'server-3' } }, 10)).toBe('known');
    expect(compare([row({ rev: 2 })]).types).toEqual([]);
  });

  it('of what leaves no trace is told each time', () => {
    const { picture } = begun(row());
    for (const type of ['bell', 'bell', 'attached', 'primaryChanged', 'cacheMode'] as const)
      expect(picture.heard(hint(type), 0)).toBe('news');
  });

  it('that was the last one of a state which was left again unheard is made good', () => {
    const { picture, compare } = begun(row({}, { title: 'old' }));
    picture.heard(hint('title', { title: 'for a while' }), 0);
    expect(compare([row({ rev: 7 }, { title: 'old' })]).types).toEqual(['title']);
  });
});
