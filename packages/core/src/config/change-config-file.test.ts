import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeConfigFile } from './change-config-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-change-'));
  path = join(dir, 'config.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const add = (): Promise<void> => changeConfigFile(path, inFile => ({ ...inFile, added: 1 }));
const text = (file = path): string => readFileSync(file, 'utf8');
const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('a configuration file that is changed', () => {
  it('is made with its directories, for us alone', async () => {
    path = join(dir, 'a', 'b', 'config.json');
    await add();
    expect(text()).toBe('{\n  "added": 1\n}\n');
    expect([modeOf(path), modeOf(join(dir, 'a')), modeOf(join(dir, 'a', 'b'))]).toEqual([
      '600',
      '700',
      '700',
    ]);
  });

  it.each([
    ['{"z":1,"a":[1,2],"z2":{"x":null}}', '{\n  "z": 1,\n  "a": [\n    1,\n    2\n  ],'],
    ['{\n\t"z": 1,\n\t"a": 2\n}', '{\n\t"z": 1,\n\t"a": 2,\n\t"added": 1\n}\n'],
    ['{\r\n    "z": 1\r\n}', '{\n    "z": 1,\n    "added": 1\n}\n'],
    ['{}', '{\n  "added": 1\n}\n'],
  ])('keeps the order and the indentation: %j', async (before, after) => {
    writeFileSync(path, before);
    await add();
    expect(text().startsWith(after)).toBe(true);
    expect(JSON.parse(text())).toEqual({ ...(JSON.parse(before) as object), added: 1 });
    expect(readdirSync(dir)).toEqual(['config.json']);
  });

  it.each([
    ['600', '600'],
    ['400', '400'],
    ['640', '640'],
    // A daemon of another account has to go on reading it.
    ['644', '644'],
    ['444', '444'],
    ['666', '644'],
  ])('of mode %s has mode %s, whatever the umask', async (before, after) => {
    writeFileSync(path, '{}');
    chmodSync(path, before);
    const umask = process.umask(0);
    await add().finally(() => process.umask(umask));
    expect(modeOf(path)).toBe(after);
  });

  it.each([
    ['600', '600'],
    ['644', '600'],
    ['664', '600'],
    ['444', '400'],
  ])('of mode %s has mode %s when it holds a secret', async (before, after) => {
    writeFileSync(path, '{"redisPassword":"hidden"}');
    chmodSync(path, before);
    await add();
    // The group of root's is that of a service.
    const group = process.geteuid?.() === 0 && before !== '600' ? 0o40 : 0;
    expect(modeOf(path)).toBe((Number.parseInt(after, 8) | group).toString(8));
  });

  it('keeps what somebody else writes there at the same time', async () => {
    writeFileSync(path, '{"a":1}');
    let asked = 0;
    await changeConfigFile(path, inFile => {
      asked += 1;
      if (asked === 1) writeFileSync(path, '{"a":1,"theirs":2}');
      return { ...inFile, ours: 3 };
    });
    expect(JSON.parse(text())).toEqual({ a: 1, theirs: 2, ours: 3 });
    const others = changeConfigFile(path, inFile => {
      writeFileSync(path, JSON.stringify({ turn: (asked += 1) }));
      return { ...inFile, ours: 4 };
    });
    await expect(others).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(JSON.parse(text())).toEqual({ turn: asked });
    expect(readdirSync(dir)).toEqual(['config.json']);
  });

  it.runIf(process.geteuid?.() === 0)('stays its owner’s and its group’s when root changes it', async () => {
    writeFileSync(path, '{}', { mode: 0o600 });
    await chown(path, 65_534, 65_533);
    await add();
    expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_533 });
    await chown(path, 0, 65_533);
    chmodSync(path, 0o640);
    await add();
    expect([statSync(path).gid, modeOf(path)]).toEqual([65_533, '640']);
  });

  it('stays a symlink, and what that leads to is changed', async () => {
    mkdirSync(join(dir, 'dotfiles'));
    const target = join(dir, 'dotfiles', 'triterm.json');
    writeFileSync(target, '{"a":1}');
    symlinkSync('dotfiles/triterm.json', path);
    await add();
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(JSON.parse(text(target))).toEqual({ a: 1, added: 1 });
    expect(readdirSync(join(dir, 'dotfiles'))).toEqual(['triterm.json']);
  });

  it('is refused as a symlink that leads nowhere, which stays', async () => {
    symlinkSync(join(dir, 'nowhere'), path);
    await expect(add()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(readdirSync(dir)).toEqual(['config.json']);
    rmSync(path);
    symlinkSync(path, path);
    await expect(add()).rejects.toMatchObject({ name: 'TermError' });
  });

  it.each(['{"a":1', '[]', '', '{"a":1} // mine'])('is left alone when it is none: %j', async before => {
    writeFileSync(path, before);
    await expect(add()).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    expect(text()).toBe(before);
  });

  it('is left alone when the change fails, and when there is none', async () => {
    writeFileSync(path, '{ "a":1 }');
    const before = statSync(path).ino;
    const failing = changeConfigFile(path, () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await changeConfigFile(path, inFile => inFile);
    expect([text(), statSync(path).ino]).toEqual(['{ "a":1 }', before]);
    await changeConfigFile(join(dir, 'x', 'y'), inFile => inFile);
    expect(readdirSync(dir)).toEqual(['config.json']);
  });

  it('says what stands in the way of its directory', async () => {
    writeFileSync(join(dir, 'file'), '');
    path = join(dir, 'file', 'config.json');
    await expect(add()).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining(`${join(dir, 'file')} is not a directory`),
    });
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
    path = join(dir, 'link', 'triterm', 'config.json');
    await expect(add()).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining(`${join(dir, 'link', 'triterm')} leads nowhere`),
    });
  });
});
