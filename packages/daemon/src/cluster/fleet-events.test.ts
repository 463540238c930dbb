import { setImmediate } from 'node:timers/promises';
import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { SessionEvent } from '@triterm/core/protocol';
import type { ChannelListener, SessionRow, WholeChannel } from '@triterm/core/store';
import { afterEach, describe, expect, it } from 'vitest';
import { EventBus } from '../session/event-bus.ts';
import type { KnownServer } from './cluster.ts';
import { FleetEvents } from './fleet-events.ts';

const WORK = { id: 'work-id', name: 'work', userId: 'anna' };

/** A channel between servers that can be cut. */
class Hub {
  readonly #listeners = new Set<ChannelListener>();
  readonly published: string[] = [];
  isCut = false;
  /** How often each message arrives. */
  copies = 1;

  /** Others may send by a way that is closed to this one. */
  isWhole = true;

  channel(): WholeChannel {
    let own: ChannelListener | undefined;
    const isWhole = () => this.isWhole;
    return {
      get isWhole() {
        return isWhole();
      },
      publish: async message => {
        if (this.isCut) throw new TermError('CACHE_UNAVAILABLE', 'cut');
        this.published.push(message);
        for (let copy = 0; copy < this.copies; copy++)
          for (const listener of this.#listeners) queueMicrotask(() => listener.message(message));
      },
      subscribe: async listener => {
        own = listener;
        this.#listeners.add(listener);
      },
      close: async () => {
        if (own !== undefined) this.#listeners.delete(own);
      },
    };
  }
}

const running = new Set<FleetEvents>();
afterEach(async () => {
  for (const fleet of running) await fleet.close();
  running.clear();
});

/** Servers over one hub, or none, and one list of rows. */
function setUp(hub: Hub | undefined) {
  const rows: SessionRow[] = [];
  let lists = 0;
  const server = (id: string, hasOthers = true) => {
    const bus = new EventBus(id);
    let watcher: (server: KnownServer) => void = () => {};
    const fleet = new FleetEvents({
      serverId: id,
      from: `${id}/1`,
      bus,
      channel: hub?.channel(),
      directory: {
        hasOthers,
        refresh: async () => {},
        watch: listener => {
          watcher = listener;
          return () => {};
        },
      },
      list: async () => {
        lists += 1;
        return [...rows];
      },
      trouble: () => {},
    });
    fleet.start();
    running.add(fleet);
    const heard: SessionEvent[] = [];
    const listen = () =>
      bus.subscribe({ principal: SOCKET_OWNER, session: undefined, all: true }, event => heard.push(event));
    return {
      bus,
      heard,
      listen,
      types: () => heard.map(({ type, server: on }) => `${on} ${type}`),
      lapsed: (known: Partial<KnownServer>) => watcher({ id: 'server-9', ...known } as KnownServer),
    };
  };
  return { server, rows, lists: () => lists };
}

function row(rev: number, title: string): SessionRow {
  const doc = { title, cwd: '/', cols: 80, rows: 24, command: 'cat' } as SessionRow['doc'];
  return {
    ...{
      id: 'work-id',
      rev,
      userId: 'anna',
      name: 'work',
      ownerServer: 'server-1',
      ownerEpoch: 1,
      state: 'running',
    },
    ...{ primarySocket: null, doc, createdAt: 0, updatedAt: 0 },
  } as SessionRow;
}

describe('events of all servers', () => {
  it('reach those who want to hear of every server, each once, and several go together', async () => {
    const hub = new Hub();
    hub.copies = 2;
    const { server } = setUp(hub);
    const [first, second] = [server('server-1'), server('server-2')];
    first.listen();
    second.listen();
    for (const type of ['created', 'attached', 'bell'] as const) first.bus.emit(type, WORK);
    await expect.poll(() => second.heard.length).toBe(3);
    await setImmediate();
    expect(second.types()).toEqual(['server-1 created', 'server-1 attached', 'server-1 bell']);
    expect(first.types()).toEqual(second.types());
    expect(hub.published.filter(message => message.includes('"seq"'))).toHaveLength(1);
  });

  it('are told to nobody where there is nobody, and nothing is asked while nobody listens', async () => {
    const hub = new Hub();
    const { server, lists } = setUp(hub);
    const [alone, second] = [server('server-1', false), server('server-2')];
    alone.bus.emit('created', WORK);
    second.listen()();
    const asked = lists();
    second.bus.emit('created', WORK);
    const told = () => hub.published.filter(message => message.includes('"seq"'));
    await expect.poll(() => told().length).toBe(1);
    expect(told().join()).not.toContain('server-1');
    expect(lists()).toBe(asked);
  });

  it('are found in the database where there is no channel', async () => {
    const { server, rows } = setUp(undefined);
    const second = server('server-2');
    second.listen();
    await Promise.resolve();
    rows.push(row(1, 'a'));
    await expect.poll(() => second.types(), { timeout: 5000 }).toEqual(['server-1 created']);
    rows[0] = row(2, 'b');
    await expect
      .poll(() => second.types(), { timeout: 5000 })
      .toEqual(['server-1 created', 'server-1 title']);
  });

  it('that were lost on the way are made good, and those that were not do not come twice', async () => {
    const hub = new Hub();
    const { server, rows, lists } = setUp(hub);
    rows.push(row(1, 'a'));
    const [first, second] = [server('server-1'), server('server-2')];
    second.listen();
    await expect.poll(lists).toBeGreaterThan(0);
    hub.isCut = true;
    first.bus.emit('title', WORK, { title: 'b' });
    rows[0] = row(2, 'b');
    await expect.poll(() => second.types(), { timeout: 6000 }).toEqual(['server-1 title']);
    hub.isCut = false;
    first.bus.emit('bell', WORK);
    await expect.poll(() => second.types(), { timeout: 6000 }).toEqual(['server-1 title', 'server-1 bell']);
  });

  it('are found in the database for as long as others may send by a way that is closed here', async () => {
    const hub = new Hub();
    hub.isWhole = false;
    const { server, rows, lists } = setUp(hub);
    const second = server('server-2');
    second.listen();
    // Longer than one gap makes it look, though its own heartbeats come back.
    await expect.poll(lists, { timeout: 9000 }).toBeGreaterThan(5);
    rows.push(row(1, 'a'));
    await expect.poll(() => second.types(), { timeout: 5000 }).toEqual(['server-1 created']);
  });

  it('say which server is gone, and when it is back', () => {
    const { server } = setUp(new Hub());
    const second = server('server-2');
    second.listen();
    second.lapsed({ alive: false });
    second.lapsed({ alive: true });
    expect(second.types()).toEqual(['server-9 serverGone', 'server-9 serverBack']);
  });
});
