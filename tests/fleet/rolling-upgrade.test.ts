import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { agreement } from '../support/agreement.ts';
import { DAEMON, type DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { FollowingClient } from '../support/following-client.ts';
import { OtherRelease } from '../support/other-release.ts';

const IDS = ['server-1', 'server-2', 'server-3'] as const;
const TYPING_INTERVAL_MS = 20;
/** Each server is upgraded while at least this much is written and typed. */
const LINES_BETWEEN = 500;
const TYPED_BETWEEN = 20;

/** The built programs exist for the built test only; sources are restarted as they are. */
const isBuilt = process.env.TRITERM_TEST_SOURCE !== '1';
let older: OtherRelease | undefined;
beforeAll(() => {
  if (isBuilt) older = new OtherRelease('0.0.9');
});
afterAll(() => older?.dispose());

let fleet: Fleet;
let servers: DaemonProcess[];
let token: string;
beforeEach(async () => {
  fleet = await Fleet.start({ listen: true, leaseMs: 5000 });
  servers = await Promise.all(
    IDS.map(id => fleet.daemon(id, {}, older === undefined ? DAEMON : [older.daemon])),
  );
  token = await fleet.token({ user: 'local', scope: 'admin' });
});
afterEach(() => fleet[Symbol.asyncDispose]());

/** Connects to one server after the other, beginning with the one after the session's own. */
const connectAfter = (at: number) => (attempt: number) =>
  fleet.client(IDS[(at + 1 + attempt) % IDS.length] ?? IDS[0], { token });

/** A session that writes numbered lines until it is told to stop, and what came of it through another server. */
async function writer(server: DaemonProcess, at: number) {
  const stopFile = join(server.stateDir, 'stop');
  const program = `stty -echo; echo ready; read go; i=0
    while [ ! -e ${stopFile} ]; do i=$((i+1)); echo "<$i>"; [ $((i % 20)) -ne 0 ] || sleep 0.01; done; echo "END $i"`;
  await server.session(`writer-${at}`, ['sh', '-c', program]);
  // Before that what is typed would be echoed.
  await untilText(server, `writer-${at}`, 'ready');
  let text = '';
  const client = await FollowingClient.attach(connectAfter(at), `writer-${at}`, (bytes, kind) => {
    if (kind === 'output') text += bytes.toString();
  });
  client.attachment.type('go\n');
  return {
    client,
    lines: () =>
      text
        .split('\r\n')
        .slice(0, -1)
        .filter(line => line !== 'ready'),
    stop: () => writeFileSync(stopFile, ''),
  };
}

/** A session that repeats the numbers which are typed all the time through another server. */
async function typist(server: DaemonProcess, at: number) {
  await server.session(`typed-${at}`, [
    'sh',
    '-c',
    'stty -echo; echo ready; while read line; do echo "[$line]"; done',
  ]);
  let text = '';
  const client = await FollowingClient.attach(connectAfter(at), `typed-${at}`, bytes => {
    text += bytes.toString();
  });
  await client.attachment.until('the program is ready', () => text.includes('ready'));
  let typed = 0;
  const timer = setInterval(() => {
    typed += 1;
    client.attachment.type(`${typed}\n`);
  }, TYPING_INTERVAL_MS);
  return {
    client,
    stop: () => clearInterval(timer),
    typed: () => typed,
    read: () => [...text.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)),
  };
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

it('an upgrade of one server after the other loses no byte and types nothing twice', async () => {
  const writers = await Promise.all(servers.map((server, at) => writer(server, at)));
  const typists = await Promise.all(servers.map((server, at) => typist(server, at)));
  const someTraffic = async () => {
    const [writtenBefore, typedBefore] = [
      writers.map(one => one.lines().length),
      typists.map(one => one.read().length),
    ];
    for (const [at, one] of writers.entries())
      await one.client.attachment.until(
        `lines of writer-${at}`,
        () => one.lines().length >= (writtenBefore[at] ?? 0) + LINES_BETWEEN,
      );
    for (const [at, one] of typists.entries())
      await one.client.attachment.until(
        `answers of typed-${at}`,
        () => one.read().length >= (typedBefore[at] ?? 0) + TYPED_BETWEEN,
      );
  };
  try {
    for (const [at, server] of servers.entries()) {
      await someTraffic();
      const drained = await server.request('daemon.drain', {});
      expect(drained.draining).toBe(true);
      expect(drained.sessions.map(({ name }) => name).toSorted()).toEqual([`typed-${at}`, `writer-${at}`]);
      await expect(server.session('refused', ['cat'])).rejects.toMatchObject({ code: 'SERVER_DRAINING' });
      await server.end('SIGTERM');
      await server.start(DAEMON);
      expect((await server.request('daemon.status', {})).draining).toBe(false);
    }
    await someTraffic();
    for (const one of typists) one.stop();
    for (const one of writers) one.stop();
    for (const [at, one] of writers.entries())
      await one.client.attachment.until(`the end of writer-${at}`, ({ exit }) => exit !== undefined);
    for (const [at, one] of typists.entries())
      await one.client.attachment.until(
        `the last answer of typed-${at}`,
        () => one.read().at(-1) === one.typed(),
      );
  } finally {
    for (const one of typists) one.stop();
    for (const { client } of [...writers, ...typists]) await client.stop();
  }
  for (const one of writers) {
    const lines = one.lines();
    const last = Number(/^END (\d+)$/.exec(lines.at(-1) ?? '')?.[1]);
    expect(last).toBeGreaterThan(LINES_BETWEEN * servers.length);
    expect(lines).toEqual([...upTo(last).map(number => `<${number}>`), `END ${last}`]);
    expect(one.client.attachment.snapshots).toBe(1);
  }
  for (const one of typists) expect(one.read()).toEqual(upTo(one.typed()));
  // Their own server was restarted, and the one that they came through.
  for (const { client } of [...writers, ...typists]) expect(client.returns).toBeGreaterThanOrEqual(2);
  await agreement(fleet, servers);
});
