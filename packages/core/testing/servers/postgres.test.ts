import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Program } from '../program.ts';
import { startPostgres } from './postgres.ts';

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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
