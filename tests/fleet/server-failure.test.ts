import { newToken } from '@triterm/core/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { agreement, processesWith } from '../support/agreement.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { attachAndEcho, Viewer } from '../support/echo.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { until } from '../support/triterm.ts';

const LEASE_MS = 2000;
/** After a server's last word, the others know that it is gone. */
const KNOWN_MS = LEASE_MS + 5000;
const MARK = 'TT_SESSION';

let fleet: Fleet;
let servers: DaemonProcess[];
let mark: string;
beforeEach(async () => {
  mark = newToken();
  fleet = await Fleet.start({ listen: true, leaseMs: LEASE_MS });
  servers = await Promise.all(['server-1', 'server-2', 'server-3'].map(id => fleet.daemon(id)));
});
afterEach(() => fleet[Symbol.asyncDispose]());

const numbered = (at: number): DaemonProcess => {
  const server = servers[at - 1];
  if (server === undefined) throw new Error(`there is no server ${at}`);
  return server;
};
const listed = async (server: DaemonProcess, id: string) =>
  (await server.request('session.list', { all: true })).sessions.find(session => session.id === id);
const sockets = async (server: DaemonProcess) =>
  (await server.request('sockets.list', { limit: 100 })).sockets;
const shells = () => processesWith(MARK, mark);

/** `work` on the second server, with a client, and with a line on its screen that the others could show. */
async function work() {
  const { id } = await numbered(2).session('work', ['sh', '-c', 'echo printed before; exec cat'], {
    extraEnvironment: { [MARK]: mark },
    labels: { purpose: 'proof' },
  });
  await untilText(numbered(2), 'work', 'printed before');
  await Viewer.attach(await numbered(2).client(), 'work');
  for (const server of servers)
    await until(async () => (await sockets(server)).some(({ terminal }) => terminal === id), 'the socket');
  await until(async () => {
    const kept = `SELECT 1 FROM session_screen WHERE session_id = '${id}'`;
    return (await fleet.postgres.query(kept, fleet.databaseUrl)).length > 0;
  }, 'its screen is kept');
  return id;
}

it('a server that was killed is listed so in time, its programs go on, and it takes them up again as a newer owner', async () => {
  const id = await work();
  const before = await fleet.row(id);
  const [pid] = shells();
  await numbered(2).end('SIGKILL');
  for (const server of [numbered(1), numbered(3)]) {
    await until(async () => (await listed(server, id))?.reachable === false, 'it is unreachable', KNOWN_MS);
    await until(async () => (await sockets(server)).length === 0, 'no socket of it is left', KNOWN_MS);
  }
  const stored = `SELECT 1 FROM socket WHERE server_id = 'server-2'`;
  await until(
    async () =>
      (await fleet.postgres.query(stored, fleet.databaseUrl)).length === 0 &&
      (await fleet.redis.cli('KEYS', `triterm:socket*:${id}`)) === '',
    'its sockets are gone from database and Redis',
    KNOWN_MS,
  );
  expect(await listed(numbered(1), id)).toMatchObject({
    state: 'running',
    server: 'server-2',
    unreachableSince: expect.any(String),
  });
  await expect((await numbered(1).client()).attach('work', {})).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
  });
  const captured = await numbered(3).request('session.capture', { target: 'work', format: 'text' });
  expect(captured).toMatchObject({ asOf: expect.any(String) });
  expect(captured.screen).toContain('printed before');
  // The same host is up, so its programs may be running: and they are.
  await expect(numbered(1).recreate('work')).rejects.toMatchObject({ code: 'OWNER_ALIVE' });
  expect(shells()).toEqual([pid]);

  await numbered(2).start();
  await until(async () => (await listed(numbered(1), id))?.reachable === true, 'it is back');
  await attachAndEcho(await numbered(1).client(), 'work', 'from afar');
  await agreement(fleet, servers);
  const after = await fleet.row(id);
  expect(after).toMatchObject({ owner: 'server-2', state: 'running' });
  expect(after.ownerEpoch).toBeGreaterThan(before.ownerEpoch);
  expect(shells()).toEqual([pid]);
});

it('a session whose host is gone is started elsewhere once, by force only, and keeps what it was', async () => {
  const id = await work();
  const before = await fleet.row(id);
  await numbered(2).end('SIGKILL');
  for (const pid of [...numbered(2).hostPids(), ...shells()]) process.kill(pid, 'SIGKILL');
  for (const server of [numbered(1), numbered(3)])
    await until(async () => (await listed(server, id))?.reachable === false, 'it is unreachable', KNOWN_MS);
  await expect(numbered(1).recreate('work')).rejects.toMatchObject({ code: 'OWNER_ALIVE' });

  const results = await Promise.allSettled(
    [numbered(1), numbered(3)].map(server => server.recreate('work', { force: true })),
  );
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const winner = results.findIndex(({ status }) => status === 'fulfilled') === 0 ? numbered(1) : numbered(3);
  const after = await fleet.row(id);
  expect(after).toMatchObject({ state: 'running', doc: { labels: { purpose: 'proof' }, cwd: '/' } });
  expect(after.ownerEpoch).toBeGreaterThan(before.ownerEpoch);
  await untilText(winner, 'work', 'printed before');
  const { scrollback, screen } = await numbered(1).request('session.capture', {
    target: 'work',
    format: 'text',
    scrollbackLines: -1,
  });
  // Once from before, above the marker, and once from the program that was started anew.
  const lines = [...scrollback, ...screen];
  expect(lines.filter(line => line === 'printed before')).toHaveLength(2);

  // The old one is back: it has no program any more, and leaves the session alone.
  await numbered(2).start();
  await until(async () => {
    const { lease } = await numbered(2).request('daemon.status', {});
    return lease.held;
  }, 'its lease');
  await agreement(fleet, servers);
  expect(await fleet.row(id)).toMatchObject({
    owner: after.owner,
    ownerEpoch: after.ownerEpoch,
    state: 'running',
  });
  await attachAndEcho(await numbered(2).client(), 'work', 'through the old one');
});
