import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENTRY_POINT_OPTIONS } from './entry-points.ts';
import { processStartTime } from './host-facts.ts';
import { acquireStateLock, type StateLock } from './state-lock.ts';

const HOLDER = fileURLToPath(new URL('./testing/lock-holder.ts', import.meta.url));

type Child = ChildProcessByStdio<Writable, Readable, null>;

describe('the lock of a state directory', () => {
  let dir: string;
  let lock: string;
  const children: Child[] = [];
  const held: StateLock[] = [];
  const lines = new Map<Child, Interface>();

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-lock-'));
    lock = join(dir, 'daemon.lock');
  });
  afterEach(async () => {
    for (const one of held.splice(0)) one.release();
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(dir, { recursive: true, force: true });
  });

  function take(): StateLock | undefined {
    const taken = acquireStateLock({ lock });
    if (taken !== undefined) held.push(taken);
    return taken;
  }

  /** Another process that tries to take it. */
  async function takeElsewhere(): Promise<{ child: Child; said: string }> {
    const child = spawn(process.execPath, [...ENTRY_POINT_OPTIONS, '--no-warnings', HOLDER, lock], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    lines.set(child, createInterface({ input: child.stdout }));
    return { child, said: await nextLine(child) };
  }

  async function nextLine(child: Child): Promise<string> {
    const [line] = await once(lines.get(child) as Interface, 'line', { signal: AbortSignal.timeout(20_000) });
    return String(line);
  }

  function record(): { pid: number; startTime: number | null; generation: number } {
    return JSON.parse(readFileSync(`${lock}.json`, 'utf8'));
  }

  it('is held by one process at a time', async () => {
    const { said } = await takeElsewhere();
    expect(Number(said)).toBeGreaterThan(0);
    expect(take()).toBeUndefined();
    expect((await takeElsewhere()).said).toBe('refused');
  });

  it('is not had twice by the same process either', () => {
    expect(take()).toBeDefined();
    expect(take()).toBeUndefined();
  });

  it('is free when its holder releases it', async () => {
    const { child, said } = await takeElsewhere();
    child.stdin.write('release\n');
    expect(await nextLine(child)).toBe('released');
    expect(take()?.generation).toBeGreaterThan(Number(said));
  });

  it('is free when its holder is killed, and the generation rises', async () => {
    const { child, said } = await takeElsewhere();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(take()?.generation).toBeGreaterThan(Number(said));
  });

  it('stays with a holder that is stopped', async () => {
    const { child } = await takeElsewhere();
    child.kill('SIGSTOP');
    expect(take()).toBeUndefined();
    child.kill('SIGCONT');
  });

  it('is taken by one of many that try at once', async () => {
    const tries = await Promise.all(Array.from({ length: 5 }, takeElsewhere));
    expect(tries.filter(({ said }) => said !== 'refused')).toHaveLength(1);
  });

  it('is open to its owner alone', () => {
    const umask = process.umask(0);
    take();
    process.umask(umask);
    const modes = readdirSync(dir).map(name => (statSync(join(dir, name)).mode & 0o777).toString(8));
    expect(new Set(modes)).toEqual(new Set(['600']));
  });

  it('tells who holds it', () => {
    const taken = take();
    expect(record()).toEqual({
      pid: process.pid,
      startTime: processStartTime(process.pid),
      generation: taken?.generation,
      activated: false,
    });
  });

  it('leaves the holder’s record alone when it is refused', async () => {
    const { child } = await takeElsewhere();
    take();
    expect(record().pid).toBe(child.pid);
  });

  it('raises the generation above any that was recorded, and above a lost or damaged record', () => {
    const future = Date.now() + 1_000_000_000;
    writeFileSync(`${lock}.json`, JSON.stringify({ generation: future }));
    const first = take();
    expect(first?.generation).toBe(future + 1);
    first?.release();
    for (const damaged of ['', '{', 'null', '[]', '{"generation":"7"}', '{"generation":1e300}']) {
      writeFileSync(`${lock}.json`, damaged);
      const before = Date.now();
      const next = take();
      expect(next?.generation).toBeGreaterThanOrEqual(before);
      expect(next?.generation).toBeLessThan(future);
      next?.release();
    }
  });

  it('is refused where there is no lock file, with the next step, and deletes nothing', () => {
    writeFileSync(
      lock,
      'this is somebody’s letter, and longer than a database header of sixteen bytes'.repeat(20),
    );
    expect(() => acquireStateLock({ lock })).toThrow(
      expect.objectContaining({ code: 'DAEMON_START_FAILED', hint: expect.stringContaining(`rm '${lock}'`) }),
    );
    expect(readFileSync(lock, 'utf8')).toContain('letter');
  });

  it('cannot be had where its directory is missing or its place taken', () => {
    expect(() => acquireStateLock({ lock: join(dir, 'no', 'daemon.lock') })).toThrow(
      expect.objectContaining({ code: 'DAEMON_START_FAILED' }),
    );
    mkdirSync(lock);
    expect(() => acquireStateLock({ lock })).toThrow(
      expect.objectContaining({ code: 'DAEMON_START_FAILED' }),
    );
  });

  it('is released when its record cannot be written', () => {
    mkdirSync(`${lock}.json`);
    writeFileSync(join(`${lock}.json`, 'inside'), '');
    expect(() => acquireStateLock({ lock })).toThrow(expect.objectContaining({ name: 'TermError' }));
    rmSync(`${lock}.json`, { recursive: true });
    expect(take()).toBeDefined();
  });
});
