import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of its own (tmpfs), to be filled or made read-only. Needs root and leave to mount. */
export class ScratchDisk {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-disk-'));

  constructor(sizeKib: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKib}k,mode=0700`, 'tmpfs', this.dir], {
      stdio: 'pipe',
    });
  }

  /** Uses all that is free. */
  fill(): void {
    const block = Buffer.alloc(4096, 1);
    for (let file = 0; ; file += 1) {
      try {
        writeFileSync(join(this.dir, `filler-${file}`), block);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
        throw error;
      }
    }
  }

  /** Frees what `fill` used. */
  drain(): void {
    execFileSync('find', [this.dir, '-name', 'filler-*', '-delete']);
  }

  remount(mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, this.dir], { stdio: 'pipe' });
  }

  dispose(): void {
    execFileSync('umount', [this.dir], { stdio: 'pipe' });
    rmdirSync(this.dir);
  }
}

/** Whether this machine lets us mount; tests that need it are skipped otherwise, and say so. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), 'triterm-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'pipe' });
    execFileSync('umount', [dir], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
