import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootId, isStopped, processStartTime } from './host-facts.ts';

const isLinux = process.platform === 'linux';

describe('the boot id', () => {
  it('stays the same', () => {
    expect(bootId()).toMatch(/^\S+$/);
    expect(bootId()).toBe(bootId());
  });

  it.runIf(isLinux)('is the kernel’s', () => {
    expect(`${bootId()}\n`).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  });
});

describe.runIf(isLinux)('the start time of a process', () => {
  it('is the same at every look, and later for a younger process', async () => {
    const own = processStartTime(process.pid);
    expect(own).toBeGreaterThan(0);
    expect(processStartTime(process.pid)).toBe(own);
    const child = spawn('sleep', ['60']);
    try {
      await once(child, 'spawn');
      expect(processStartTime(child.pid ?? 0)).toBeGreaterThan(own ?? 0);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(processStartTime(child.pid ?? 0)).toBeNull();
  });

  it('is read behind a name that holds spaces and parentheses', async () => {
    const script = "printf ') 1 (x y) 2' > /proc/$$/comm; echo named; read -r _";
    const child = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      await once(child.stdout, 'data');
      expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toContain('(x y)');
      const startTime = processStartTime(child.pid ?? 0);
      expect(startTime).toBeGreaterThanOrEqual(processStartTime(process.pid) ?? 0);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('is null for a process that is not there', () => {
    for (const pid of [0, -1, 2 ** 30, Number.NaN]) expect(processStartTime(pid)).toBeNull();
  });
});

describe.runIf(isLinux)('a stopped process', () => {
  it('is told from one that waits, one that is gone and one that nobody names', async () => {
    const child = spawn('sleep', ['60']);
    try {
      await once(child, 'spawn');
      expect(isStopped(child.pid ?? 0)).toBe(false);
      child.kill('SIGSTOP');
      await expect.poll(() => isStopped(child.pid ?? 0)).toBe(true);
      child.kill('SIGCONT');
      await expect.poll(() => isStopped(child.pid ?? 0)).toBe(false);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(isStopped(child.pid ?? 0)).toBe(false);
    expect(isStopped(null)).toBe(false);
  });
});
