import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../support/agreement.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { until } from '../support/triterm.ts';

const LEASE_MS = 2000;
const LIMIT = 10;
const MARK = 'TT_SESSION';

let fleet: Fleet;
let one: DaemonProcess;
let two: DaemonProcess;
beforeAll(async () => {
  fleet = await Fleet.start({ leaseMs: LEASE_MS, env: { TRITERM_MAX_SESSIONS: String(LIMIT) } });
  [one, two] = await Promise.all([fleet.daemon('server-1'), fleet.daemon('server-2')]);
});
afterEach(() => killAll());
afterAll(() => fleet[Symbol.asyncDispose]());

const codes = (results: PromiseSettledResult<unknown>[]) =>
  results.map(result => (result.status === 'fulfilled' ? 'done' : result.reason.code)).toSorted();

describe('sessions that are made through two servers at once', () => {
  it('of one name are one: the others are told that it is taken', async () => {
    const results = await Promise.allSettled(
      [one, two, one, two].map(server => server.session('same', ['sleep', '1000'])),
    );
    expect(codes(results)).toEqual(['NAME_TAKEN', 'NAME_TAKEN', 'NAME_TAKEN', 'done']);
  });

  it('are as many as the user may have, over both', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 25 }, (_, at) => [one, two][at % 2]?.session(`many-${at}`, ['sleep', '1000'])),
    );
    expect(codes(results)).toEqual([...Array(15).fill('TOO_MANY_SESSIONS'), ...Array(LIMIT).fill('done')]);
  });
});

describe('a session that was made anew elsewhere while its server was stopped', () => {
  it('is that; what the old server runs goes on under another id, with its client, and leaves its row alone', async () => {
    const mark = newToken();
    const { id } = await one.session('work', ['sh', '-c', 'echo begun; exec cat'], {
      extraEnvironment: { [MARK]: mark },
    });
    await untilText(one, 'work', 'begun');
    // One that has nothing to store, and no client.
    const quiet = await one.session('quiet', ['sleep', '1000']);
    await until(async () => (await fleet.row(quiet.id)).doc.pid === quiet.pid, 'it is stored');
    const [old] = processesWith(MARK, mark);
    let shown = '';
    const client = await (await one.client()).attach('work', {
      onBytes: bytes => {
        shown += bytes.toString();
      },
    });
    process.kill(one.pid, 'SIGSTOP');
    try {
      await until(
        async () => {
          const { sessions } = await two.request('session.list', { all: true });
          return sessions.find(session => session.id === id)?.reachable === false;
        },
        'its lease has lapsed',
        LEASE_MS + 5000,
      );
      await expect(two.recreate('work')).rejects.toMatchObject({ code: 'OWNER_ALIVE' });
      const { session } = await two.recreate('work', { force: true });
      expect(session).toMatchObject({ id, name: 'work', server: 'server-2', state: 'running' });
      await until(async () => (await fleet.row(id)).doc.pid === session.pid, 'its new owner has stored it');
      await two.recreate('quiet', { force: true });
    } finally {
      process.kill(one.pid, 'SIGCONT');
    }
    // By its name nobody gets what the old server runs, however early he asks; and that can make sessions at once.
    await expect((await one.client()).attach('work', {})).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:SERVER_UNREACHABLE|OWNERSHIP_UNVERIFIED)$/),
    });
    await one.session('awake', ['sleep', '1000']);
    const taken = await fleet.row(id);
    await client.until('it is told', ({ moved }) => moved !== undefined);
    expect(client.moved).toMatchObject({
      session: { name: 'orphan-work', server: 'server-1', state: 'running', clients: 1 },
      message: expect.stringContaining('server-2'),
    });
    const orphan = client.moved?.session.id ?? '';
    client.type('still here\n');
    await client.until('the echo', () => shown.includes('still here'));
    expect(client.detached).toBeUndefined();

    await until(async () => {
      const { sessions } = await one.request('session.list', {});
      return sessions.every(({ name }) => name === 'awake' || name.startsWith('orphan-'));
    }, 'it is known to have only orphans of those');
    await one.request('session.rename', { target: orphan, name: 'kept' });
    expect(await fleet.row(id)).toEqual(taken);
    const before = await fleet.row(orphan);
    expect(before).toMatchObject({ owner: 'server-1', name: 'kept', doc: { ptyId: id } });
    expect(processesWith(MARK, mark)).toEqual([old]);

    // After another death of its server it is what it was.
    await one.end('SIGKILL');
    await one.start();
    const captured = await one.request('session.capture', { target: orphan, format: 'text' });
    expect(captured.screen.filter(line => line === 'still here')).toHaveLength(2);
    await until(async () => (await fleet.row(orphan)).ownerEpoch > before.ownerEpoch, 'a newer owner');
    const { sessions } = await one.request('session.list', {});
    expect(new Set(sessions.map(({ name }) => name))).toEqual(new Set(['awake', 'kept', 'orphan-quiet']));
  });

  it('has one winner when two servers make it anew at once; its old server, back from death, has an orphan', async () => {
    const three = await fleet.daemon('server-3');
    const mark = newToken();
    const { id } = await three.session('fought', ['sh', '-c', 'exec sleep 1000'], {
      labels: { mark },
    });
    const removed = await three.session('removed', ['sleep', '1000']);
    await three.end('SIGKILL');
    await until(
      async () => {
        const { sessions } = await two.request('session.list', { all: true });
        return sessions.find(session => session.id === id)?.reachable === false;
      },
      'its lease has lapsed',
      LEASE_MS + 5000,
    );
    const results = await Promise.allSettled(
      [one, two, one, two].map(server => server.recreate('fought', { force: true })),
    );
    expect(codes(results).filter(code => code === 'done')).toEqual(['done']);
    const running = await Promise.all([one, two].map(server => server.request('session.list', {})));
    expect(running.flatMap(({ sessions }) => sessions)).toMatchObject([{ id, labels: { mark } }]);
    const { owner, ownerEpoch } = await fleet.row(id);
    await two.request('session.kill', { target: 'removed', force: true });

    await three.start();
    const { sessions } = await three.request('session.list', {});
    const names = sessions.map(({ name }) => name.replace(/^recovered-.*/, 'recovered')).toSorted();
    expect(names).toEqual(['orphan-fought', 'recovered']);
    expect(sessions.every(({ state }) => state === 'running')).toBe(true);
    for (const old of [id, removed.id]) expect(sessions.map(session => session.id)).not.toContain(old);
    expect(await fleet.row(id)).toMatchObject({ owner, ownerEpoch, state: 'running' });
  });
});

it('a session whose database has gone back to an earlier epoch is claimed and stored again by its owner', async () => {
  const { id, pid } = await one.session('restored', ['sleep', '1000']);
  await until(async () => (await fleet.row(id)).doc.pid === pid, 'it is stored');
  const before = await fleet.row(id);
  await fleet.postgres.query(
    `UPDATE session SET owner_epoch = owner_epoch - 1, doc = '${JSON.stringify({ ...before.doc, pid: null })}'
      WHERE id = '${id}'`,
    fleet.databaseUrl,
  );
  expect((await fleet.row(id)).doc.pid).toBeNull();
  await one.request('session.rename', { target: 'restored', name: 'renamed' });
  const after = await fleet.row(id);
  expect(after).toMatchObject({ owner: 'server-1', name: 'renamed', state: 'running', doc: { pid } });
  expect(after.ownerEpoch).toBeGreaterThan(before.ownerEpoch);
});

it('a session that is made anew where its directory is gone begins at home, and says so below its old screen', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'tt-cwd-'));
  await two.session('homeless', ['sh', '-c', 'echo begun; exec sleep 1000'], { cwd });
  await untilText(two, 'homeless', 'begun');
  for (const pid of two.hostPids()) process.kill(pid, 'SIGKILL');
  await until(async () => (await two.state('homeless')).state === 'lost', 'it is lost');
  rmSync(cwd, { recursive: true });
  expect((await two.recreate('homeless')).session).toMatchObject({ cwd: two.stateDir });
  const { scrollback, screen } = await two.request('session.capture', {
    target: 'homeless',
    format: 'text',
    scrollbackLines: -1,
  });
  const shown = [...scrollback, ...screen].join('');
  expect(shown).toMatch(new RegExp(`begun.*recreated.*there is no directory ${cwd}`));
});

describe('a server that drains', () => {
  it('makes no sessions and says where they are made, keeps those that it has, and can be taken back', async () => {
    await one.session('stays', ['sleep', '1000']);
    const drained = await one.request('daemon.drain', {});
    expect(drained).toMatchObject({ draining: true, sessions: [{ name: 'stays' }] });
    await expect(one.session('refused', ['sleep', '1'])).rejects.toMatchObject({
      code: 'SERVER_DRAINING',
      details: { servers: expect.arrayContaining(['server-2']) },
    });
    expect(await one.request('daemon.status', {})).toMatchObject({ draining: true, lease: { held: true } });
    expect(await one.state('stays')).toMatchObject({ state: 'running' });
    await one.request('daemon.drain', { undo: true });
    await one.session('welcome', ['sleep', '1000']);
  });
});

/** Ends and removes every session of both. */
async function killAll(): Promise<void> {
  for (const server of [one, two]) {
    const { sessions } = await server.request('session.list', {});
    await Promise.all(
      sessions.map(async ({ id }) => {
        await server.request('session.kill', { target: id, signal: 'SIGKILL' });
        await server.request('session.kill', { target: id });
      }),
    );
  }
}
