import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startPostgres } from '../../src/sandbox/postgres-server.ts';
import { Program } from '../program.ts';

it('a PostgreSQL of a test ends with the process that started it, even when it is stopped', async () => {
  const owner = new Program(new URL('./programs/postgres-owner.ts', import.meta.url), []);
  try {
    await owner.until(lines => lines.length === 1);
    const [dir = ''] = owner.lines;
    const [pid = ''] = readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n');
    expect(existsSync(`/proc/${pid}`)).toBe(process.platform === 'linux');
    owner.signal('SIGKILL');
    await expect.poll(() => existsSync(dir), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => isRunning(Number(pid))).toBe(false);
  } finally {
    await owner.dispose();
  }
});

it('a PostgreSQL of a test goes on with its data after it was killed or ended', async () => {
  const server = await startPostgres();
  try {
    const url = await server.createDatabase();
    await server.query('CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)', url);
    await server.signal('SIGKILL');
    await expect(server.query('SELECT 1', url)).rejects.toThrow();
    await server.start();
    await server.stop();
    await server.start();
    expect(await server.query('SELECT n FROM kept', url)).toEqual([{ n: 7 }]);
    await server.signal('SIGSTOP');
  } finally {
    await server.dispose();
  }
  expect(existsSync(server.dir)).toBe(false);
});

it('a PostgreSQL of a test has a password that nobody can know, and one that was killed takes nobody with it', async () => {
  const server = await startPostgres();
  const another = spawn('sleep', ['10'], { stdio: 'ignore' });
  const pidFile = join(server.data, 'postmaster.pid');
  try {
    expect(statSync(server.dir).mode & 0o077).toBe(0);
    // Odd characters alone were the same everywhere.
    const guess = server.url.replace(/[0-9a-f]{32}@/, '@');
    expect(guess).not.toBe(server.url);
    await expect(server.query('SELECT 1', guess)).rejects.toThrow('password authentication failed');
    await server.signal('SIGKILL');
    // As when the number has gone to somebody else meanwhile.
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(another.pid)));
  } finally {
    await server.dispose();
  }
  const isThere = isRunning(another.pid ?? 0);
  another.kill('SIGKILL');
  expect(isThere).toBe(true);
  expect(existsSync(server.dir)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
