import { mkdtempSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import {
  CACHE_ENTRY,
  CACHE_STATS,
  DB_STATUS,
  LOCK,
  REDIS_OFF,
  REDIS_STATUS,
  SERVERS,
  SOCKETS,
} from '../testing/store-answers.ts';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { runCli } from './route.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

interface Ran extends Pick<TestContext, 'out' | 'err'> {
  readonly asked: readonly (readonly [method: string, params: unknown])[];
}

/** Runs a command against a daemon with these answers; on a terminal when it has columns. */
async function run(
  args: readonly string[],
  answers: Readonly<Record<string, unknown>>,
  columns?: number,
): Promise<Ran> {
  const terminal = columns === undefined ? {} : { terminal: { columns } };
  const context = testContext(scratch.path, { env: { NO_COLOR: '1' }, ...terminal });
  const asked: [string, unknown][] = [];
  await using _daemon = await ServedDaemon.start(context.paths, {
    answers: Object.fromEntries(
      Object.entries(answers).map(([method, answer]) => [
        method,
        params => {
          asked.push([method, params]);
          return typeof answer === 'function' ? answer(params) : answer;
        },
      ]),
    ),
  });
  expect(await runCli(args, context)).toBe(0);
  return { out: context.out, err: context.err, asked };
}

const lines = async (args: readonly string[], answers: Readonly<Record<string, unknown>>, columns?: number) =>
  (await run(args, answers, columns)).out.text.trimEnd().split('\n');

describe.each([
  [['redis', 'status'], 'redis.status', {}, REDIS_STATUS],
  [['cache', 'stats'], 'cache.stats', {}, CACHE_STATS],
  [['cache', 'show', 'work'], 'cache.show', { target: 'work' }, CACHE_ENTRY],
  [
    ['cache', 'invalidate', 'work'],
    'cache.invalidate',
    { target: 'work' },
    { id: CACHE_ENTRY.id, before: CACHE_ENTRY, removed: { l1: false, redis: true } },
  ],
  [['locks', 'ls'], 'locks.list', {}, { locks: [LOCK], truncated: false, troubles: [] }],
  [['locks', 'show', 'work'], 'locks.show', { target: 'work' }, { name: LOCK.name, lock: LOCK }],
  [['sockets', 'ls'], 'sockets.list', {}, SOCKETS],
  [['sockets', 'ls', '--terminal', 'work'], 'sockets.list', { target: 'work' }, SOCKETS],
  [['servers', 'ls'], 'servers.list', {}, SERVERS],
  [['db', 'status'], 'db.status', {}, DB_STATUS],
  [['db', 'migrate'], 'db.migrate', {}, { before: 1, after: 2 }],
] as const)('triterm %s', (args, method, params, answer) => {
  it('asks once, and prints the answer as it is with --json', async () => {
    const { out, asked } = await run([...args, '--json'], { [method]: answer });
    expect(JSON.parse(out.text)).toEqual(answer);
    expect(asked).toEqual([[method, params]]);
  });

  it('fits into a terminal, and has no tabs there', async () => {
    const shown = await lines(args, { [method]: answer }, 100);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.join('\n')).not.toMatch(/\t|\u001b/);
  });
});

describe('triterm redis status', () => {
  it('tells a person mode, server, latency, memory, keys, warnings and changes', async () => {
    const shown = await lines(['redis', 'status'], { 'redis.status': REDIS_STATUS }, 100);
    expect(shown.map(line => line.replace(/\d+d ago/, 'DAYS ago'))).toEqual([
      'mode        hybrid (up)',
      'since       DAYS ago (2026-01-01T00:00:00.000Z)',
      'server      rediss://cache:6379/0 (single, TLS)',
      'version     7.0.15',
      'memory      1.5 MiB of 100.0 MiB, noeviction',
      'reconnects  2',
      'latency     p50 0.08 ms, p99 1.20 ms',
      'breaker     closed',
      'outbox      1 entry, the oldest 150 ms old',
      'resync      DAYS ago (2026-01-01T00:00:00.000Z), took 12 ms, 40 entries',
      'keys        at least 42: session 40, lock 2',
      'warning     maxmemory-policy noeviction',
      'trouble     Keys: no answer within 2000 ms.',
      'change      DAYS ago: resync → up (probe answered)',
    ]);
  });

  it('is tab-separated in a pipe, with times as they are', async () => {
    const shown = await lines(['redis', 'status'], { 'redis.status': REDIS_STATUS });
    expect(shown).toContain('mode\thybrid (up)');
    expect(shown).toContain('since\t2026-01-01T00:00:00.000Z');
    expect(shown).toContain('change\t2026-01-01T00:00:00.000Z: resync → up (probe answered)');
  });

  it('without Redis says why', async () => {
    expect(await lines(['redis', 'status'], { 'redis.status': REDIS_OFF })).toEqual([
      'mode\toff',
      'why\tNo Redis is configured.',
      'since\t2026-01-01T00:00:00.000Z',
      'outbox\t0 entries',
    ]);
  });
});

describe('triterm cache stats', () => {
  it('is a table of totals, rates and shares', async () => {
    const shown = await lines(['cache', 'stats'], { 'cache.stats': CACHE_STATS }, 100);
    expect(shown[0]).toBe('READS       TOTAL  PER SECOND    SHARE');
    expect(shown[1]).toBe('L1 hits        80        80.0   80.0 %');
    expect(shown[8]).toBe('all           100        12.6  100.0 %');
    expect(shown).toContain('hit rate       94.8 %');
    expect(shown).toContain('lag            p50 0.50 ms, p99 4.00 ms');
  });
});

describe('triterm cache show', () => {
  it('has the tiers side by side, and what does not agree', async () => {
    const shown = await lines(['cache', 'show', 'work'], { 'cache.show': CACHE_ENTRY });
    expect(shown).toEqual([
      'session\t0123456789ab (work)',
      'epoch\te.1',
      'floor\t7',
      'state\tabsent\tpresent\tpresent',
      'version\t-\t6\t7',
      'epoch\t-\te.1\t-',
      'ttl\t-\t58m\t-',
      '.name\t-\told\twork',
      '.doc.cwd\t-\t/tmp\t/tmp',
      '.doc.argv\t-\t-\t["sh"]',
      'agree\tno',
      'differs\tRedis has version 6, the database 7.',
    ]);
  });
});

describe('triterm cache show of what no read takes', () => {
  it('says why', async () => {
    const [l1, redis, database] = CACHE_ENTRY.tiers;
    const tiers = [l1, { ...redis, reason: 'It is below the floor; no read takes it.' }, database];
    const shown = await lines(['cache', 'show', 'work'], {
      'cache.show': { ...CACHE_ENTRY, tiers, agree: true, differences: [] },
    });
    expect(shown.slice(-2)).toEqual(['agree\tyes', 'note\tREDIS: It is below the floor; no read takes it.']);
  });
});

describe('triterm cache invalidate', () => {
  const answer = (removed: { l1: boolean; redis: boolean | null }) => ({
    'cache.invalidate': { id: CACHE_ENTRY.id, before: CACHE_ENTRY, removed },
  });

  it('says what was there', async () => {
    expect(await lines(['cache', 'invalidate', 'work'], answer({ l1: false, redis: true }))).toEqual([
      'work (0123456789ab): removed the entry of version 6 from Redis.',
    ]);
    expect(await lines(['cache', 'invalidate', 'work'], answer({ l1: false, redis: null }))).toEqual([
      'Nothing was cached of work (0123456789ab).',
    ]);
  });
});

describe('triterm locks', () => {
  it('are tab-separated in a pipe, with times in milliseconds', async () => {
    const answer = { 'locks.list': { locks: [LOCK], truncated: true, troubles: [] } };
    expect(await lines(['locks', 'ls'], answer)).toEqual([
      'session:0123456789ab\twork\talpha\tabcd1234\t1500\t8500\t2\t3',
    ]);
    expect((await lines(['locks', 'ls'], answer, 100)).at(-1)).toBe('… and more');
  });

  it('that nobody holds are said to be free', async () => {
    const { out, err } = await run(
      ['locks', 'ls'],
      { 'locks.list': { locks: [], truncated: false, troubles: [] } },
      80,
    );
    expect([out.text, err.text]).toEqual(['', 'No locks are held.\n']);
    expect(await lines(['locks', 'show', 'work'], { 'locks.show': { name: LOCK.name, lock: null } })).toEqual(
      ['lock\tsession:0123456789ab', 'holder\tnobody'],
    );
  });
});

describe('triterm sockets ls and servers ls', () => {
  it('are exact in a pipe', async () => {
    expect(await lines(['sockets', 'ls'], { 'sockets.list': SOCKETS })).toEqual([
      'aabbccdd\t0123456789ab\tlocal\talpha\tlaptop\ttrue\t2026-01-01T00:00:00.000Z\t2026-01-01T00:00:00.000Z',
    ]);
    expect(await lines(['servers', 'ls'], { 'servers.list': SERVERS })).toEqual([
      'alpha\talpha.example\t4\talive\t12000\t1\twss://alpha.example/\ttrue\tfalse',
      'beta\tbeta.example\t2\tlapsed\t-3000\t\t\tfalse\ttrue',
    ]);
  });

  it('say what could not be learned to a person', async () => {
    const answer = { 'servers.list': { ...SERVERS, troubles: ['Registry: no answer.'] } };
    const shown = await lines(['servers', 'ls'], answer, 100);
    expect(shown[1]).toMatch(/^alpha .* this one$/);
    expect(shown[2]).toMatch(/3\.0 s ago.* draining$/);
    expect(shown.at(-1)).toBe('Registry: no answer.');
  });
});

describe('triterm db', () => {
  it('tells of a database that does not answer', async () => {
    const answer = {
      ...DB_STATUS,
      state: 'unavailable',
      reason: 'connection refused',
      location: null,
      schema: null,
      epochs: null,
      sizeBytes: null,
      sessions: null,
      outbox: null,
      latencyMs: null,
    };
    expect(await lines(['db', 'status'], { 'db.status': answer })).toEqual([
      'database\tSQLite',
      'state\tunavailable',
      'why\tconnection refused',
    ]);
  });

  it.each([
    [1, 2, 'The schema was of version 1 and is of version 2 now.'],
    [2, 2, 'The schema is of version 2; there is nothing to do.'],
  ])('migrate from %d to %d says so', async (before, after, text) => {
    expect(await lines(['db', 'migrate'], { 'db.migrate': { before, after } })).toEqual([text]);
  });

  it('export and backup hand the daemon an absolute path, and replace only when told', async () => {
    const exported = { file: '/f', rows: { session: 1, idempotency: 2 }, bytes: 2048 };
    const { asked, out, err } = await run(['db', 'export', 'dump.jsonl'], { 'db.export': exported });
    expect(asked).toEqual([['db.export', { file: join(scratch.path, 'dump.jsonl'), replace: false }]]);
    expect([out.text, err.text]).toEqual(['', 'Exported 1 session and 2 other rows, 2.0 KiB.\n']);
    const backup = await run(['db', 'backup', '/b', '--force', '--json'], {
      'db.backup': { file: '/b', bytes: 1 },
    });
    expect(backup.asked).toEqual([['db.backup', { file: '/b', replace: true }]]);
    expect(JSON.parse(backup.out.text)).toEqual({ file: '/b', bytes: 1 });
  });

  it('export without a file prints it, and leaves nothing behind', async () => {
    let written = '';
    const { out } = await run(['db', 'export'], {
      'db.export': async ({ file }: { file: string }) => {
        written = file;
        await writeFile(file, '{"a":1}\n{"b":2}\n');
        return { file, rows: {}, bytes: 16 };
      },
    });
    expect(out.text).toBe('{"a":1}\n{"b":2}\n');
    expect(() => writeFileSync(written, '')).toThrow(/ENOENT/);
  });

  it('export that fails leaves nothing behind either, and says why', async () => {
    const context = testContext(scratch.path);
    let asked = '';
    await using _daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'db.export': params => {
          asked = (params as { file: string }).file;
          throw new TermError('DISK_FULL', 'No space.');
        },
      },
    });
    await expect(runCli(['db', 'export'], context)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(() => writeFileSync(asked, '')).toThrow(/ENOENT/);
  });

  it.each([
    [['db', 'export', '--json']],
    [['db', 'export', '--force']],
    [['db', 'backup']],
    [['db', 'import']],
  ])('needs a file for %j', async args => {
    await expect(runCli(args, testContext(scratch.path))).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('watching', () => {
  it('needs a terminal, or --json', async () => {
    mkdtempSync(join(scratch.path, 'x'));
    for (const args of [
      ['redis', 'status'],
      ['cache', 'stats'],
      ['locks', 'ls'],
      ['sockets', 'ls'],
      ['servers', 'ls'],
      ['db', 'status'],
    ])
      await expect(runCli([...args, '--watch'], testContext(scratch.path))).rejects.toMatchObject({
        code: 'NOT_A_TERMINAL',
      });
  });
});
