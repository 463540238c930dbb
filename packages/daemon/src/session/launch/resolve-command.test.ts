import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCwd, resolveCommand, resolveShell } from './resolve-command.ts';

let root: string;
let bin: string;

const script = (path: string, text = '#!/bin/sh\n', mode = 0o755): void => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'triterm-resolve-'));
  bin = join(root, 'bin');
  mkdirSync(join(bin, 'folder'), { recursive: true });
  mkdirSync(join(root, 'second'));
  script(join(bin, 'frobnicate'));
  script(join(bin, 'data'), 'text', 0o644);
  script(join(bin, 'shadowed'), 'text', 0o644);
  script(join(root, 'second', 'shadowed'));
  script(join(bin, 'orphan'), '#!/no/such/interpreter -x\n');
  script(join(bin, 'mysh'));
  symlinkSync(join(bin, 'frobnicate'), join(bin, 'linked'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const find = (...argv: string[]): ReturnType<typeof resolveCommand> =>
  resolveCommand(argv, '/bin/sh', { PATH: `${bin}:${root}/second:/bin` }, root);

describe('the command of a session', () => {
  it('is found in the client’s PATH, not in the daemon’s', async () => {
    expect(await find('frobnicate', '-x', 'a b')).toEqual({
      file: join(bin, 'frobnicate'),
      argv: ['frobnicate', '-x', 'a b'],
    });
    await expect(resolveCommand(['frobnicate'], '/bin/sh', { PATH: '/bin' }, root)).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    });
  });

  it('is found below the working directory when it is a path', async () => {
    expect((await find('./bin/frobnicate')).file).toBe(join(bin, 'frobnicate'));
    expect((await resolveCommand(['linked'], '/bin/sh', { PATH: 'bin' }, root)).file).toBe(
      join(bin, 'linked'),
    );
  });

  it('skips a file that cannot be executed for one further on in the PATH', async () => {
    expect((await find('shadowed')).file).toBe(join(root, 'second', 'shadowed'));
  });

  it('comes with a suggestion when it is misspelt', async () => {
    await expect(find('frobnciate')).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      hint: 'Did you mean `frobnicate`?',
    });
    await expect(find('zzzzqqqq')).rejects.toMatchObject({ hint: 'Check the spelling and your PATH.' });
  });

  it.each([
    ['data', /not executable/],
    ['./bin/data', /not executable/],
    ['./bin/folder', /a directory/],
    ['/dev/null', /not a regular file/],
  ])('is refused as %s', async (name, message) => {
    const error = await find(name).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringMatching(message) });
  });

  it('is refused when its interpreter does not exist', async () => {
    await expect(find('orphan')).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      message: expect.stringContaining('/no/such/interpreter'),
    });
  });

  it('is refused when it is empty or holds NUL', async () => {
    await expect(find('')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(find('echo', 'a\0b')).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the shell of a session', () => {
  it('is a login shell', async () => {
    expect(await resolveCommand([], '/bin/bash', {}, root)).toEqual({
      file: '/bin/bash',
      argv: ['/bin/bash', '-l'],
    });
    expect((await resolveCommand([], join(bin, 'mysh'), {}, root)).argv).toEqual([join(bin, 'mysh')]);
  });

  it('is the configured one, else $SHELL, else the account’s, else /bin/sh', async () => {
    expect(await resolveShell('mysh', { PATH: bin, SHELL: '/bin/sh' }, root)).toBe(join(bin, 'mysh'));
    expect(await resolveShell('', { SHELL: join(bin, 'mysh') }, root)).toBe(join(bin, 'mysh'));
    expect(await resolveShell('', { SHELL: join(bin, 'gone') }, root)).toMatch(/^\//);
    expect(await resolveShell('', { SHELL: 'relative' }, root)).toMatch(/^\//);
    expect(await resolveShell('', { SHELL: '/usr/sbin/nologin' }, root)).not.toMatch(/nologin/);
  });

  it('must work when it is configured', async () => {
    await expect(resolveShell('/no/shell', {}, root)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    await expect(resolveShell(join(bin, 'data'), {}, root)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });
});

describe('the working directory of a session', () => {
  it.each(['/no/such/dir', '/etc/passwd', 'relative', '', '/tmp\0x'])('is refused as %j', async cwd => {
    await expect(checkCwd(cwd)).rejects.toMatchObject({ code: 'BAD_CWD' });
  });

  it('may be any directory that can be entered', async () => {
    await expect(checkCwd(root)).resolves.toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0)(
    'is refused where it may not be entered (root may enter any)',
    async () => {
      const closed = join(root, 'closed');
      mkdirSync(closed, { mode: 0o600 });
      await expect(checkCwd(closed)).rejects.toMatchObject({ code: 'BAD_CWD' });
    },
  );
});
