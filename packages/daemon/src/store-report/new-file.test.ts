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
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNewFile } from './new-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-new-file-'));
  path = join(dir, 'out');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (text: string) => (draft: string) => writeFile(draft, text, { flag: 'wx', mode: 0o600 });

describe('a new file', () => {
  it('is there as a whole, for its owner alone', async () => {
    expect(await writeNewFile(path, false, write('data'))).toEqual({ result: undefined, bytes: 4 });
    expect(readFileSync(path, 'utf8')).toBe('data');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['out']);
  });

  it('takes the place of no other, unless that is wanted', async () => {
    writeFileSync(path, 'old');
    await expect(writeNewFile(path, false, write('new'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(readFileSync(path, 'utf8')).toBe('old');
    await writeNewFile(path, true, write('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('keeps its name free of others while it is made', async () => {
    await writeNewFile(path, false, async draft => {
      await expect(writeNewFile(path, false, write('other'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
      await write('mine')(draft);
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it.each([false, true])('leaves everything as it was when writing fails (replacing: %s)', async replace => {
    if (replace) writeFileSync(path, 'old');
    const before = readdirSync(dir);
    await expect(
      writeNewFile(path, replace, async draft => {
        await write('half')(draft);
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      }),
    ).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(readdirSync(dir)).toEqual(before);
  });

  it('is never written through a symlink or in the place of what is no file', async () => {
    const target = join(dir, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, path);
    mkdirSync(join(dir, 'directory'));
    for (const name of ['out', 'directory'])
      await expect(writeNewFile(join(dir, name), true, write('x'))).rejects.toMatchObject({
        code: 'UNSAFE_PATH',
      });
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  it('needs a directory that is there', async () => {
    await expect(writeNewFile(join(dir, 'no', 'out'), false, write('x'))).rejects.toMatchObject({
      code: 'BAD_CWD',
    });
  });
});
