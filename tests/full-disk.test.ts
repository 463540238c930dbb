import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSecureDir, writeFileAtomic, writeFileAtomicSync } from '@triterm/core/config';
import { canMount, ScratchDisk } from '@triterm/core/testing/scratch-disk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from '../packages/daemon/src/observe/log-file.ts';
import { listenUnix } from '../packages/daemon/src/server/listener.ts';
import { acquireStateLock } from '../packages/daemon/src/state-lock.ts';

const BLOCK = 'x'.repeat(16 * 1024);

/** Needs root and leave to mount; elsewhere these are reported as skipped. */
describe.runIf(canMount())('the files of the state directory', () => {
  let disk: ScratchDisk;
  beforeEach(() => {
    disk = new ScratchDisk(256);
  });
  afterEach(() => disk.dispose());

  const at = (name: string): string => join(disk.dir, name);

  describe.each([
    ['in its time', writeFileAtomic],
    ['at once', async (path: string, bytes: string) => writeFileAtomicSync(path, bytes)],
  ])('replaced %s', (_way, write) => {
    it('keep their old content on a full disk, and leave no draft', async () => {
      await write(at('file'), 'old');
      disk.fill();
      await expect(write(at('file'), BLOCK)).rejects.toMatchObject({ code: 'DISK_FULL', retryable: true });
      expect(readFileSync(at('file'), 'utf8')).toBe('old');
      expect(readdirSync(disk.dir).filter(name => name.endsWith('.tmp'))).toEqual([]);
      disk.drain();
      await write(at('file'), BLOCK);
      expect(readFileSync(at('file'), 'utf8')).toBe(BLOCK);
    });

    it('say so on a read-only disk', async () => {
      await write(at('file'), 'old');
      disk.remount('ro');
      await expect(write(at('file'), 'new')).rejects.toMatchObject({ code: 'READ_ONLY_STATE' });
      expect(readFileSync(at('file'), 'utf8')).toBe('old');
      disk.remount('rw');
    });
  });

  it('are in a directory that says why it cannot be made', () => {
    ensureSecureDir(at('there'));
    disk.remount('ro');
    ensureSecureDir(at('there'));
    expect(() => ensureSecureDir(at('new'))).toThrow(expect.objectContaining({ code: 'READ_ONLY_STATE' }));
    disk.remount('rw');
  });

  describe('the log', () => {
    it('drops lines on a full disk, one try a second, and begins a line anew when there is room', () => {
      let nowMs = 0;
      const log = new LogFile(at('d.log'), { maxBytes: 1024 * 1024, files: 3 }, () => nowMs);
      log.write('first\n');
      disk.fill();
      for (let i = 0; i < 10; i += 1) log.write(`${BLOCK}\n`);
      expect(log.dropped).toBe(10);
      disk.drain();
      log.write('too early\n');
      nowMs = 1000;
      log.write('last\n');
      log.close();
      const lines = readFileSync(at('d.log'), 'utf8').trimEnd().split('\n');
      expect(lines[0]).toBe('first');
      expect(lines.at(-1)).toBe('last');
      expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ level: 'warn', dropped: 11 });
    });

    it('drops lines on a read-only disk', () => {
      disk.remount('ro');
      const log = new LogFile(at('d.log'), { maxBytes: 1024 * 1024, files: 3 });
      log.write('lost\n');
      expect(log.dropped).toBe(1);
      disk.remount('rw');
    });
  });

  describe('the lock', () => {
    it('says that the disk is full, and is free afterwards', () => {
      disk.fill();
      expect(() => acquireStateLock({ lock: at('daemon.lock') })).toThrow(
        expect.objectContaining({ code: 'DISK_FULL' }),
      );
      disk.drain();
      acquireStateLock({ lock: at('daemon.lock') })?.release();
    });

    it.each(['there', 'not there'])('says that the disk is read-only when its file is %s', where => {
      if (where === 'there') acquireStateLock({ lock: at('daemon.lock') })?.release();
      disk.remount('ro');
      expect(() => acquireStateLock({ lock: at('daemon.lock') })).toThrow(
        expect.objectContaining({ code: 'READ_ONLY_STATE' }),
      );
      disk.remount('rw');
    });
  });

  it('include no socket that could not be made', async () => {
    mkdirSync(at('run'), { mode: 0o700 });
    writeFileSync(at('run/other'), '');
    disk.remount('ro');
    await expect(listenUnix(at('run/s'), () => {})).rejects.toMatchObject({ name: 'TermError' });
    disk.remount('rw');
    expect(readdirSync(at('run'))).toEqual(['other']);
  });
});
