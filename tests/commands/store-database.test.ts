import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SessionInfo } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

const path = (name: string) => join(triterm.dir, name);
const names = async () => (await triterm.json<SessionInfo[]>('ls')).map(({ name }) => name).sort();

/** Ended sessions: nothing runs, and the list has them. */
async function haveSessions(...wanted: readonly string[]): Promise<void> {
  for (const name of wanted) {
    await triterm.ok('new', '-d', '-n', name, '--', 'true');
    await triterm.ok('wait', name, '--exit');
  }
}

describe('triterm db status', () => {
  it('tells which database there is and what is in it', async () => {
    await haveSessions('one', 'two');
    const status = await triterm.json<Record<string, unknown>>('db', 'status');
    expect(status).toEqual({
      kind: 'sqlite',
      location: join(triterm.stateDir, 'triterm.db'),
      state: 'ok',
      reason: null,
      schema: { current: expect.any(Number), minCompatible: expect.any(Number) },
      epochs: { db: expect.stringMatching(/^[0-9a-f]{32}$/), cache: expect.any(Number) },
      sizeBytes: expect.any(Number),
      sessions: 2,
      deleted: 0,
      outbox: expect.any(Number),
      latencyMs: expect.any(Number),
    });
    expect(await triterm.ok('db', 'status')).toContain(`database\tSQLite ${triterm.stateDir}/triterm.db\n`);
  });
});

describe('triterm db migrate', () => {
  it('has nothing to do: the daemon has done it', async () => {
    const { before, after } = await triterm.json<{ before: number; after: number }>('db', 'migrate');
    expect(before).toBe(after);
    expect(await triterm.ok('db', 'migrate')).toMatch(/there is nothing to do/);
  });
});

describe('triterm db export and import', () => {
  it('bring sessions into another database, while both are in use', async () => {
    await haveSessions('one', 'two');
    await triterm.ok('sessions', 'label', 'one', 'team=web');
    await triterm.ok('db', 'export', 'sessions.jsonl');
    expect(statSync(path('sessions.jsonl')).mode & 0o777).toBe(0o600);
    await using other = new Triterm();
    const before = await other.json<{ epochs: { db: string } }>('db', 'status');
    const imported = await other.json<Record<string, unknown>>('db', 'import', path('sessions.jsonl'));
    expect(imported).toEqual({
      file: path('sessions.jsonl'),
      rows: expect.objectContaining({ session: 2 }),
      dbEpoch: expect.not.stringMatching(before.epochs.db),
    });
    const after = await other.json<{ sessions: number; epochs: { db: string } }>('db', 'status');
    expect(after).toMatchObject({ sessions: 2, epochs: { db: imported.dbEpoch } });
    const entry = await other.json<{ tiers: { value: { doc: unknown } | null }[] }>(
      'cache',
      'show',
      (await triterm.json<SessionInfo[]>('ls'))[0]?.id ?? '',
    );
    expect(entry.tiers[2]?.value).toMatchObject({ name: 'one', doc: { labels: { team: 'web' } } });
  });

  it('bring back what was, in the place of what is', async () => {
    await haveSessions('kept');
    await triterm.ok('db', 'export', 'before.jsonl');
    await triterm.ok('kill', 'kept');
    await haveSessions('later');
    const refused = await triterm.run(['db', 'import', 'before.jsonl']);
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining('--replace')]);
    expect(await names()).toEqual(['later']);
    await triterm.ok('db', 'import', 'before.jsonl', '--replace');
    expect(await names()).toEqual(['kept']);
  });

  it('go through standard output, and leave nothing behind in the state directory', async () => {
    await haveSessions('one');
    const before = readdirSync(triterm.stateDir).sort();
    const text = await triterm.ok('db', 'export');
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ counts: { session: 1 } });
    expect(lines.at(-1)).toMatchObject({ end: true });
    expect(readdirSync(triterm.stateDir).sort()).toEqual(before);
  });

  it('are refused while sessions run', async () => {
    await triterm.ok('db', 'export', 'empty.jsonl');
    await triterm.ok('new', '-d', '-n', 'busy', '--', 'cat');
    const { exitCode, stderr } = await triterm.run(['db', 'import', 'empty.jsonl', '--replace']);
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('triterm kill --all')]);
    expect(await names()).toEqual(['busy']);
  });

  it('refuse a damaged dump as a whole', async () => {
    await haveSessions('one');
    await triterm.ok('db', 'export', 'dump.jsonl');
    truncateSync(path('dump.jsonl'), statSync(path('dump.jsonl')).size - 20);
    const { exitCode } = await triterm.run(['db', 'import', 'dump.jsonl', '--replace']);
    expect(exitCode).toBe(9);
    expect(await names()).toEqual(['one']);
  });

  it('overwrite nothing, follow no symlink and read no FIFO', async () => {
    writeFileSync(path('precious'), 'precious');
    symlinkSync(path('precious'), path('link'));
    mkdirSync(path('directory'));
    execFileSync('mkfifo', [path('fifo')]);
    for (const command of ['export', 'backup']) {
      expect((await triterm.run(['db', command, 'precious'])).exitCode).toBe(4);
      for (const name of ['link', 'directory', 'fifo'])
        expect((await triterm.run(['db', command, name, '--force'])).exitCode).toBe(5);
      expect((await triterm.run(['db', command, 'no/such/file'])).exitCode).toBe(2);
    }
    expect(readFileSync(path('precious'), 'utf8')).toBe('precious');
    for (const [name, code] of [
      ['link', 5],
      ['directory', 5],
      ['fifo', 5],
      ['missing', 3],
      ['precious', 9],
    ] as const)
      expect([name, (await triterm.run(['db', 'import', name])).exitCode]).toEqual([name, code]);
    await triterm.ok('db', 'export', 'precious', '--force');
    expect(readFileSync(path('precious'), 'utf8')).toMatch(/^\{/);
  });
});

describe('triterm db backup', () => {
  it('makes a database that can take the place of the one that was', async () => {
    await haveSessions('one');
    const backup = await triterm.json<{ file: string; bytes: number }>('db', 'backup', 'copy.db');
    expect(backup).toEqual({ file: path('copy.db'), bytes: statSync(path('copy.db')).size });
    expect(statSync(path('copy.db')).mode & 0o777).toBe(0o600);
    await haveSessions('later');
    await triterm.ok('daemon', 'stop');
    const database = join(triterm.stateDir, 'triterm.db');
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
    copyFileSync(path('copy.db'), database);
    await triterm.ok('daemon', 'start');
    expect(await names()).toEqual(['one']);
  });
});
