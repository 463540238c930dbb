import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm, until } from '../support/triterm.ts';

/** Scripts rely on these names: what is here may get more members, and loses none within a major release. */
const MEMBERS: readonly (readonly [args: readonly string[], members: readonly string[]])[] = [
  [
    ['redis', 'status'],
    [
      ...['mode', 'state', 'since', 'reason', 'server', 'latencyMs', 'breaker', 'outbox', 'resync', 'keys'],
      ...['history', 'warnings', 'troubles'],
    ],
  ],
  [
    ['cache', 'stats'],
    [
      ...['since', 'reads', 'perSecond', 'hitRate', 'staleReads', 'writes', 'l1Entries', 'floors', 'puts'],
      ...['casRejections', 'fillRejections', 'putFailures', 'invalidationsReceived', 'invalidationLagMs'],
      ...['outboxDrained', 'resyncs'],
    ],
  ],
  [
    ['cache', 'show', 'work'],
    ['id', 'name', 'epoch', 'floor', 'tiers', 'agree', 'differences'],
  ],
  [
    ['cache', 'invalidate', 'work'],
    ['id', 'before', 'removed'],
  ],
  [
    ['locks', 'ls'],
    ['locks', 'truncated', 'troubles'],
  ],
  [
    ['locks', 'show', 'work'],
    ['name', 'lock'],
  ],
  [
    ['sockets', 'ls'],
    ['sockets', 'truncated', 'source', 'troubles'],
  ],
  [
    ['servers', 'ls'],
    ['servers', 'troubles'],
  ],
];

interface Tier {
  readonly tier: string;
  readonly state: string;
  readonly version: number | null;
  readonly value: Record<string, unknown> | null;
}
interface Entry {
  readonly id: string;
  readonly name: string | null;
  readonly tiers: readonly Tier[];
  readonly agree: boolean | null;
}
interface Sockets {
  readonly sockets: readonly { id: string; terminalName: string; server: string; primary: boolean }[];
}

let triterm: Triterm;
beforeAll(async () => {
  triterm = new Triterm({ TRITERM_SERVER_ID: 'alpha' });
  await triterm.ok('new', '-d', '-n', 'work', '--', 'cat');
});
afterAll(() => triterm[Symbol.asyncDispose]());

describe('the store without Redis', () => {
  it.each(MEMBERS)('has the members of `triterm %j` in JSON', async (args, members) => {
    const [first = '', ...rest] = args;
    const value = await triterm.json<Record<string, unknown>>(first, ...rest);
    expect(Object.keys(value).sort()).toEqual([...members].sort());
  });

  it('says that it is off, and how to have one', async () => {
    const status = await triterm.json<Record<string, unknown>>('redis', 'status');
    expect(status).toMatchObject({ mode: 'off', state: null, server: null, keys: null, troubles: [] });
    expect(await triterm.ok('redis', 'status')).toMatch(/^mode\toff\nwhy\t.*REDIS_HOST/);
  });

  it('reads the database directly, and counts that', async () => {
    const { reads, hitRate } = await triterm.json<{ reads: Record<string, number>; hitRate: number | null }>(
      'cache',
      'stats',
    );
    expect(hitRate).toBeNull();
    expect(reads.reads).toBe(reads.bypassed);
  });

  it('shows what the database has of a session, by name, id and beginning of the id', async () => {
    const entry = await triterm.json<Entry>('cache', 'show', 'work');
    expect(entry.tiers.map(({ tier, state }) => [tier, state])).toEqual([
      ['l1', 'off'],
      ['redis', 'off'],
      ['database', 'present'],
    ]);
    expect(entry).toMatchObject({ name: 'work', agree: true });
    expect(entry.tiers[2]?.value).toMatchObject({ id: entry.id, name: 'work', ownerServer: 'alpha' });
    for (const target of [entry.id, entry.id.slice(0, 4)])
      expect((await triterm.json<Entry>('cache', 'show', target)).id).toBe(entry.id);
  });

  it('still knows that a session was deleted', async () => {
    await triterm.ok('new', '-d', '-n', 'gone', '--', 'true');
    await triterm.ok('wait', 'gone', '--exit');
    const { id } = await triterm.json<Entry>('cache', 'show', 'gone');
    await triterm.ok('kill', 'gone');
    const entry = await triterm.json<Entry>('cache', 'show', id);
    expect(entry).toMatchObject({ id, name: null, agree: true });
    expect(entry.tiers[2]).toMatchObject({ tier: 'database', state: 'deleted', version: expect.any(Number) });
    expect((await triterm.run(['cache', 'show', 'gone'])).exitCode).toBe(3);
  });

  it('has nothing to invalidate, and says so', async () => {
    expect(await triterm.ok('cache', 'invalidate', 'work')).toMatch(
      /^Nothing was cached of work \(\w{12}\)\.\n$/,
    );
  });

  it('has no lock that somebody holds', async () => {
    expect(await triterm.ok('locks', 'ls')).toBe('');
    expect(await triterm.ok('locks', 'show', 'work')).toMatch(/^lock\tsession:\w{12}\nholder\tnobody\n$/);
    expect((await triterm.run(['locks', 'show', 'nope'])).exitCode).toBe(3);
  });

  it('has one server, which is the one that answers', async () => {
    const { servers } = await triterm.json<{ servers: Record<string, unknown>[] }>('servers', 'ls');
    expect(servers).toEqual([
      expect.objectContaining({ id: 'alpha', state: 'alive', self: true, stateDir: triterm.stateDir }),
    ]);
  });

  it('knows who is attached where', async () => {
    expect((await triterm.json<Sockets>('sockets', 'ls')).sockets).toEqual([]);
    await triterm.ok('new', '-d', '-n', 'other', '--', 'cat');
    await using terminal = triterm.openShell('triterm attach work');
    await until(
      async () => (await triterm.json<Sockets>('sockets', 'ls')).sockets.length === 1,
      'a socket of the attached client',
    );
    const { sockets } = await triterm.json<Sockets>('sockets', 'ls', '--terminal', 'work');
    expect(sockets).toEqual([
      expect.objectContaining({ terminalName: 'work', server: 'alpha', primary: true }),
    ]);
    expect((await triterm.json<Sockets>('sockets', 'ls', '--terminal', 'other')).sockets).toEqual([]);
    expect(terminal).toBeDefined();
  });

  it('is found in order by the doctor', async () => {
    const { checks } = await triterm.json<{ checks: { name: string; status: string }[] }>('doctor');
    expect(checks.filter(({ name }) => name === 'database' || name === 'redis')).toEqual([
      expect.objectContaining({ name: 'database', status: 'ok' }),
      expect.objectContaining({ name: 'redis', status: 'ok' }),
    ]);
  });
});

describe('watching the store', () => {
  it('draws on a terminal until q is typed', async () => {
    await using terminal = triterm.openShell('triterm redis status --watch; echo "[status $?]"', {
      cols: 100,
      rows: 30,
    });
    await terminal.untilText('q leaves');
    await terminal.untilText('mode    off');
    terminal.type('q');
    await terminal.untilText('[status 0]');
  });

  it('prints a line for every change with --json', async () => {
    await using watching = new RunningCommand(triterm, ['cache', 'stats', '--watch', '--json']);
    const writes = (line: string) => (JSON.parse(line) as { writes: number }).writes;
    const [first = ''] = await watching.until(lines => lines.length > 0);
    await triterm.ok('sessions', 'label', 'work', 'watched=1');
    await watching.until(lines => lines.some(line => writes(line) > writes(first)));
  });
});
