import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AtomicWriteOptions, writeFileAtomic, writeFileAtomicSync } from './atomic-file.ts';

type Write = (path: string, bytes: string | Uint8Array, options?: AtomicWriteOptions) => Promise<void>;

const WAYS: [string, Write][] = [
  ['in its time', writeFileAtomic],
  ['at once', async (path, bytes, options) => writeFileAtomicSync(path, bytes, options)],
];

describe.each(WAYS)('a file that is replaced %s', (_way, write) => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-atomic-'));
    path = join(dir, 'file');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('has the new content, mode 0600, and nothing lies beside it', async () => {
    const umask = process.umask(0);
    try {
      await write(path, 'old');
      await write(path, new Uint8Array([1, 2, 3]), { fsync: true });
    } finally {
      process.umask(umask);
    }
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('has the mode and the owner that are asked for, whatever the umask', async () => {
    const isRoot = process.geteuid?.() === 0;
    const owner = { uid: isRoot ? 65_534 : statSync(dir).uid, gid: isRoot ? 65_533 : statSync(dir).gid };
    const umask = process.umask(0o077);
    try {
      await write(path, 'new', { mode: 0o640, owner });
    } finally {
      process.umask(umask);
    }
    expect(statSync(path)).toMatchObject(owner);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
  });

  it('is another file: who has the old one open still reads that', async () => {
    await write(path, 'old');
    const before = statSync(path).ino;
    await write(path, 'new');
    expect(statSync(path).ino).not.toBe(before);
  });

  it('replaces a symlink and not what that points at', async () => {
    const target = join(dir, 'target');
    writeFileSync(target, 'untouched');
    symlinkSync(target, path);
    await write(path, 'new');
    expect(readFileSync(target, 'utf8')).toBe('untouched');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('leaves no draft when it cannot take its place', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), '');
    await expect(write(path, 'new')).rejects.toMatchObject({ name: 'TermError' });
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('says what is in the way', async () => {
    await expect(write(join(dir, 'no', 'file'), 'x')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('Cannot write'),
    });
  });

  it('is whole to whoever reads meanwhile', async () => {
    const contents = ['a', 'b', 'c'].map(letter => letter.repeat(100_000));
    await write(path, contents[0] ?? '');
    const writing = Promise.all(contents.map(content => write(path, content)));
    const seen = new Set<string>();
    for (let i = 0; i < 50; i += 1) {
      seen.add(readFileSync(path, 'utf8'));
      await new Promise(resolve => setImmediate(resolve));
    }
    await writing;
    for (const content of seen) expect(contents).toContain(content);
  });
});
