import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HOLDER = fileURLToPath(new URL('./lock-holder.mjs', import.meta.url));
const STARTS = 6;

const run = promisify(execFile);

describe('the lock of a checkout', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tl-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function holders(count: number): Promise<string[]> {
    const log = join(dir, 'log');
    await Promise.all(Array.from({ length: count }, () => run(process.execPath, [HOLDER, dir, log])));
    return readFileSync(log, 'utf8').trim().split('\n');
  }
  const inTurn = Array.from({ length: STARTS }, () => ['in', 'out']).flat();

  it('lets simultaneous starts prepare it one after the other', async () => {
    expect(await holders(STARTS)).toEqual(inTurn);
  });

  it('is taken from a start that was killed, by one of those that wait', async () => {
    const killed = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(killed, 'spawn');
    writeFileSync(
      join(dir, 'lock'),
      JSON.stringify({ pid: killed.pid, started: startTime(killed.pid ?? 0) }),
    );
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await holders(STARTS)).toEqual(inTurn);
  });

  it('is taken from a start that died while it wrote it', async () => {
    const file = join(dir, 'lock');
    writeFileSync(file, '{"pi');
    utimesSync(file, 0, 0);
    expect(await holders(STARTS)).toEqual(inTurn);
  });

  it('is taken from a process that has the pid of the one that wrote it', async () => {
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    expect(await holders(1)).toEqual(['in', 'out']);
  });
});

function startTime(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
