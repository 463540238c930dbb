/** What happens on one server is told at the others: by Redis, without it by the database, and what got lost on the way from what that has. */
import { join } from 'node:path';
import type { SessionEvent } from '@triterm/core/protocol';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilMode } from '../support/fleet.ts';
import { RunningCommand } from '../support/running-command.ts';
import { until } from '../support/triterm.ts';

async function listen(daemon: DaemonProcess): Promise<ProtocolClient> {
  const client = await daemon.client();
  await client.request('events.subscribe', { all: true });
  return client;
}

/** Resolves when what happens at `from` is heard by whoever tells so. */
async function untilHeard(from: DaemonProcess, hears: (session: string) => boolean): Promise<void> {
  const { id } = await from.session(`probe-${from.pid}`, ['cat']);
  let size = 20;
  await until(async () => {
    size += 1;
    await from.request('session.resize', { target: id, size: { cols: size, rows: 10 } });
    return hears(id);
  }, 'an event of the probe');
  for (const _ of ['end', 'remove']) await from.request('session.kill', { target: id });
}

/** Everything that can happen to a session, on one server; its id. */
async function live(daemon: DaemonProcess, name: string): Promise<string> {
  const { id } = await daemon.session(name, ['cat']);
  const [desktop, phone] = [await daemon.client(), await daemon.client()];
  await desktop.attach(id, { deviceId: 'desktop', deviceName: 'my desktop' });
  await phone.attach(id, { deviceId: 'phone', window: { cols: 60, rows: 20 } });
  await daemon.request('session.rename', { target: id, name: `${name}-2` });
  await phone.close();
  await until(async () => (await daemon.state(id)).clients === 1, 'the phone is gone');
  await desktop.close();
  await until(async () => (await daemon.state(id)).clients === 0, 'everybody is gone');
  for (const _ of ['end', 'remove']) await daemon.request('session.kill', { target: id });
  return id;
}

const of = (events: readonly SessionEvent[], id: string) => events.filter(({ session }) => session === id);
/** What the hints say and the database too: when exactly something happened each of them sees for itself. */
const told = (events: readonly SessionEvent[], id: string) =>
  of(events, id).map(({ at: _, ...event }) => event);
const types = (events: readonly SessionEvent[], id: string) => of(events, id).map(({ type }) => type);
const ended = (events: readonly SessionEvent[], id: string) => types(events, id).includes('removed');

describe('servers with PostgreSQL and Redis', () => {
  let fleet: Fleet;
  let first: DaemonProcess;
  let second: DaemonProcess;
  let here: ProtocolClient;
  let there: ProtocolClient;
  beforeAll(async () => {
    fleet = await Fleet.start({ proxied: true });
    [first, second] = await Promise.all([fleet.daemon('server-1'), fleet.daemon('server-2')]);
    [here, there] = [await listen(first), await listen(second)];
    await untilHeard(first, id => types(there.events, id).length > 0);
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  it('tell at each what happens at the other, each thing once and in its order', async () => {
    await using command = new RunningCommand({ env: second.env, dir: second.stateDir }, ['events', '--all']);
    const printed = () => command.lines.map(line => JSON.parse(line) as SessionEvent);
    await untilHeard(first, id => types(printed(), id).length > 0);
    const id = await live(first, 'work');
    await until(() => ended(printed(), id) && ended(there.events, id), 'the last event');
    expect(told(there.events, id)).toEqual(told(here.events, id));
    expect(told(printed(), id)).toEqual(told(here.events, id));
    const happened = of(there.events, id);
    const kinds = happened.map(({ type }) => type);
    // When the size changes depends on the program.
    expect(kinds).toContain('resized');
    expect(kinds.filter(type => type !== 'resized')).toEqual([
      ...[
        'created',
        'attached',
        'deviceJoined',
        'primaryChanged',
        'attached',
        'deviceJoined',
        'primaryChanged',
      ],
      ...['renamed', 'detached', 'deviceLeft', 'primaryChanged', 'detached', 'deviceLeft', 'primaryChanged'],
      ...['exited', 'removed'],
    ]);
    expect(happened[1]?.data).toMatchObject({ deviceId: 'desktop', deviceName: 'my desktop' });
    expect(new Set(happened.map(({ server }) => server))).toEqual(new Set(['server-1']));
  });

  it('tell nobody of what he may not see', async () => {
    const bob = await fleet.client('server-2', { token: await fleet.token({ user: 'bob' }) });
    await bob.request('events.subscribe', { all: true });
    const id = await live(first, 'private');
    await until(() => ended(there.events, id), 'the last event');
    expect(bob.events).toEqual([]);
  });

  it('do the same by the database while Redis is away', async () => {
    for (const id of ['server-1', 'server-2']) await fleet.links(id).redis.refuse();
    await Promise.all([untilMode(first, 'in-memory'), untilMode(second, 'in-memory')]);
    const id = await live(first, 'without-redis');
    await until(() => ended(there.events, id), 'the last event');
    expect(told(there.events, id)).toEqual(told(here.events, id));
    await fleet.heal();
    await Promise.all([untilMode(first, 'hybrid'), untilMode(second, 'hybrid')]);
  });

  it('find in the database what they could not hear while they were cut off, and go on as before', async () => {
    const { redis, database } = fleet.links('server-2');
    const { id: work } = await first.session('kept', ['cat']);
    await until(() => types(there.events, work).includes('created'), 'a created session');
    await Promise.all([redis.refuse(), database.refuse()]);
    const missed = await live(first, 'missed');
    const { id: made } = await first.session('made', ['cat']);
    await first.request('session.rename', { target: work, name: 'renamed' });
    await fleet.heal();
    await until(() => types(there.events, work).includes('renamed'), 'what was missed');
    await until(() => types(there.events, made).includes('created'), 'what was missed');
    await Promise.all([first, second].map(daemon => untilMode(daemon, 'hybrid')));
    const id = await live(first, 'after');
    await until(() => ended(there.events, id), 'the last event');
    expect(told(there.events, id)).toEqual(told(here.events, id));
    expect(types(there.events, work)).toEqual(['created', 'renamed']);
    expect(types(there.events, made)).toEqual(['created']);
    // It came and went: the database knows nothing of it any more.
    expect(types(there.events, missed)).toEqual([]);
  });
});

it('two servers of one host that share a file and no Redis find out from that', async () => {
  await using stack = new AsyncDisposableStack();
  const daemon = (id: string, env: Record<string, string> = {}) => {
    const made = new DaemonProcess({ SERVER_ID: id, ...env });
    stack.defer(() => made.dispose());
    return made;
  };
  const first = daemon('server-1');
  const second = daemon('server-2', { DATABASE_URL: `sqlite:${join(first.stateDir, 'triterm.db')}` });
  await Promise.all([first.start(), second.start()]);
  const there = await listen(second);
  const { id } = await first.session('work', ['cat']);
  await until(() => types(there.events, id).includes('created'), 'created');
  await first.request('session.rename', { target: id, name: 'play' });
  await first.request('session.kill', { target: id });
  await until(() => types(there.events, id).includes('exited'), 'exited');
  await first.request('session.kill', { target: id });
  await until(() => ended(there.events, id), 'removed');
  expect(types(there.events, id)).toEqual(['created', 'renamed', 'exited', 'removed']);
});
