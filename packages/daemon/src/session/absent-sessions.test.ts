import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { SessionEvent } from '@triterm/core/protocol';
import type { ScreenRow, SessionRow, WriteGuard } from '@triterm/core/store';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { describe, expect, it } from 'vitest';
import { AbsentSessions } from './absent-sessions.ts';
import { EventBus } from './event-bus.ts';
import { encodeContent } from './screen-content.ts';

const ROW: SessionRow = {
  id: 'a'.repeat(12),
  rev: 9,
  userId: 'ann',
  name: 'work',
  ownerServer: 'gone',
  ownerEpoch: 5,
  state: 'running',
  primarySocket: null,
  doc: exampleDoc(),
  createdAt: 0,
  updatedAt: 1000,
};
const SERVER = {
  id: 'gone',
  advertiseUrl: null,
  hostId: 'host',
  bootId: 'boot',
  incarnation: 3,
  alive: false,
  unreachableSince: 5000,
  draining: false,
};
const ABSENT = { row: ROW, server: SERVER };
const REASON = new TermError('SERVER_UNREACHABLE', 'Server gone does not answer.');

function setUp(content?: string) {
  const deleted: [string, WriteGuard][] = [];
  const events: SessionEvent[] = [];
  const bus = new EventBus('here');
  bus.subscribe({ principal: SOCKET_OWNER, session: undefined, all: false }, event => events.push(event));
  const tail: ScreenRow | undefined =
    content === undefined
      ? undefined
      : { sessionId: ROW.id, ownerEpoch: 5, offset: 77, cols: 80, rows: 24, content, at: 4000 };
  const absent = new AbsentSessions({
    store: {
      delete: async (id, guard) => {
        deleted.push([id, guard]);
        return { id, rev: 10, deleted: true };
      },
    },
    tails: { getScreen: async () => tail },
    bus,
    config: { handOver: 'explicit' },
  });
  return { absent, deleted, events };
}

const CONTENT = encodeContent({
  scrollback: ['one', '\x1b[31mtwo\x1b[0m', 'three'],
  screen: ['\x1b[1m$\x1b[0m ', ''],
  cursor: { row: 0, col: 2, visible: true },
  alternateScreen: false,
});

describe('a session whose server cannot be reached', () => {
  it('is shown as the database has it, unreachable since then', async () => {
    const { absent } = setUp(CONTENT);
    expect(await absent.show(ABSENT)).toMatchObject({
      session: {
        name: 'work',
        state: 'running',
        server: 'gone',
        user: 'ann',
        clients: 0,
        reachable: false,
        unreachableSince: new Date(5000).toISOString(),
      },
      clients: [],
      devices: [],
      handOver: 'explicit',
      offset: 77,
    });
  });

  it('has its last screen, with attributes or without, as of the time that it was kept', async () => {
    const { absent } = setUp(CONTENT);
    expect(await absent.capture(ABSENT, { format: 'text', scrollbackLines: 2 }, REASON)).toMatchObject({
      scrollback: ['two', 'three'],
      screen: ['$ ', ''],
      offset: 77,
      asOf: new Date(4000).toISOString(),
    });
    const ansi = await absent.capture(ABSENT, { format: 'ansi', scrollbackLines: -1 }, REASON);
    expect(ansi.scrollback).toEqual(['one', '\x1b[31mtwo\x1b[0m', 'three']);
    expect((await absent.capture(ABSENT, { format: 'text', scrollbackLines: 0 }, REASON)).scrollback).toEqual(
      [],
    );
  });

  it('does not pass its last lines for those before the ones that its server has sent', async () => {
    const older = { format: 'text', scrollbackLines: -1, before: 4000 } as const;
    await expect(setUp(CONTENT).absent.capture(ABSENT, older, REASON)).rejects.toBe(REASON);
  });

  it.each([undefined, '{"damaged'])('says so where no screen of it was kept: %j', async content => {
    const capture = setUp(content).absent.capture(ABSENT, { format: 'text', scrollbackLines: 0 }, REASON);
    await expect(capture).rejects.toMatchObject({ code: 'NO_SCREEN' });
  });

  it('is removed by force only, and only as it was seen', async () => {
    const { absent, deleted, events } = setUp();
    await expect(absent.kill(ABSENT, false, REASON)).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      hint: expect.stringContaining('--force'),
    });
    expect(deleted).toEqual([]);
    expect(await absent.kill(ABSENT, true, REASON)).toMatchObject({ session: { id: ROW.id } });
    expect(deleted).toEqual([[ROW.id, { rev: 9 }]]);
    expect(events).toMatchObject([{ type: 'removed', session: ROW.id, name: 'work' }]);
  });
});
