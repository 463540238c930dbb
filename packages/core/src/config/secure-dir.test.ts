import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import { checkSocketPath, ensureSecureDir, MAX_SOCKET_PATH_BYTES, verifySecureSocket } from './secure-dir.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

let root: string;
const servers: Server[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'triterm-secure-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise(resolve => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

function mode(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

function refusal(work: () => unknown): TermError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TermError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}

async function listen(path: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>(resolve => server.listen(path, resolve));
  chmodSync(path, 0o600);
}

/** Two symlinks that point at each other. */
function loop(): string {
  symlinkSync(join(root, 'b'), join(root, 'a'));
  symlinkSync(join(root, 'a'), join(root, 'b'));
  return join(root, 'a');
}

describe('a directory of ours alone', () => {
  it('is made with those above it, closed to others whatever the umask', () => {
    const umask = process.umask(0);
    try {
      ensureSecureDir(join(root, 'x', 'y'));
    } finally {
      process.umask(umask);
    }
    expect([mode(join(root, 'x')), mode(join(root, 'x', 'y'))]).toEqual(['700', '700']);
    ensureSecureDir(join(root, 'x', 'y'));
  });

  it.each([0o710, 0o701, 0o755, 0o770, 0o707, 0o777])('is refused with mode %o, and left as it is', open => {
    const path = join(root, 'open');
    mkdirSync(path);
    chmodSync(path, open);
    const error = refusal(() => ensureSecureDir(path));
    expect(error).toMatchObject({ code: 'UNSAFE_PATH', exitCode: 5 });
    expect(error.message).toContain(`mode 0${open.toString(8)}`);
    expect(error.hint).toBe(`Close it to them: chmod 700 '${path}'`);
    expect(mode(path)).toBe(open.toString(8));
  });

  it.runIf(isRoot)('is refused when it belongs to somebody else', () => {
    const path = join(root, 'theirs');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, NOBODY, NOBODY);
    expect(refusal(() => ensureSecureDir(path))).toMatchObject({
      code: 'UNSAFE_PATH',
      message: `${path} belongs to another user (uid ${NOBODY}).`,
    });
  });

  it('is refused when it is a symlink, even to a good one', () => {
    ensureSecureDir(join(root, 'good'));
    const path = join(root, 'link');
    symlinkSync(join(root, 'good'), path);
    const error = refusal(() => ensureSecureDir(path));
    expect(error.code).toBe('UNSAFE_PATH');
    expect(error.message).toContain('not a directory but a symlink');
  });

  it('is refused when it is a symlink to nothing, or to itself', () => {
    const dangling = join(root, 'dangling');
    symlinkSync(join(root, 'nowhere'), dangling);
    expect(refusal(() => ensureSecureDir(dangling)).code).toBe('UNSAFE_PATH');
    expect(existsSync(join(root, 'nowhere'))).toBe(false);
    expect(refusal(() => ensureSecureDir(loop())).code).toBe('UNSAFE_PATH');
  });

  it('is refused when symlinks on the way go round (ELOOP)', () => {
    expect(refusal(() => ensureSecureDir(join(loop(), 'below'))).code).toBe('UNSAFE_PATH');
  });

  it('is refused when it, or something on the way, is a file (ENOTDIR)', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(refusal(() => ensureSecureDir(file))).toMatchObject({
      code: 'UNSAFE_PATH',
      message: `${file} is not a directory.`,
    });
    expect(refusal(() => ensureSecureDir(join(file, 'below')))).toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('that cannot be made says why', () => {
    expect(refusal(() => ensureSecureDir('/proc/triterm'))).toMatchObject({
      code: 'UNSAFE_PATH',
      message: 'Something on the way to /proc/triterm leads nowhere, or takes no directory.',
    });
    expect(refusal(() => ensureSecureDir(join(root, 'n'.repeat(300)))).message).toContain('Cannot');
  });
});

describe('the socket of a daemon', () => {
  it('is trusted in a directory of ours alone', async () => {
    ensureSecureDir(join(root, 'run'));
    const path = join(root, 'run', 's');
    expect(verifySecureSocket(path)).toBe(false);
    await listen(path);
    expect(verifySecureSocket(path)).toBe(true);
  });

  it('is not there when its directory is not', () => {
    expect(verifySecureSocket(join(root, 'no', 'run', 's'))).toBe(false);
    writeFileSync(join(root, 'file'), '');
    expect(verifySecureSocket(join(root, 'file', 'run', 's'))).toBe(false);
  });

  it('is refused when others could have made it', async () => {
    const run = join(root, 'run');
    const path = join(run, 's');
    ensureSecureDir(run);
    await listen(path);
    chmodSync(run, 0o777);
    expect(refusal(() => verifySecureSocket(path)).code).toBe('UNSAFE_PATH');
    chmodSync(run, 0o700);
    chmodSync(path, 0o666);
    expect(refusal(() => verifySecureSocket(path))).toMatchObject({
      code: 'UNSAFE_PATH',
      hint: `Close it to them: chmod 600 '${path}'`,
    });
    if (isRoot) {
      chmodSync(path, 0o600);
      chownSync(path, NOBODY, NOBODY);
      expect(refusal(() => verifySecureSocket(path)).message).toContain('another user');
    }
  });

  it('is refused when it is something else', async () => {
    const run = join(root, 'run');
    ensureSecureDir(run);
    writeFileSync(join(run, 'file'), '');
    expect(refusal(() => verifySecureSocket(join(run, 'file'))).code).toBe('UNSAFE_PATH');
    await listen(join(root, 'real'));
    symlinkSync(join(root, 'real'), join(run, 'link'));
    expect(refusal(() => verifySecureSocket(join(run, 'link'))).message).toContain('but a symlink');
  });

  it('has a path that fits in sun_path', () => {
    const longest = `/${'x'.repeat(MAX_SOCKET_PATH_BYTES - 1)}`;
    expect(() => checkSocketPath(longest)).not.toThrow();
    expect(refusal(() => checkSocketPath(`${longest}x`))).toMatchObject({ code: 'BAD_CONFIG' });
    expect(refusal(() => checkSocketPath(`/${'é'.repeat(60)}`)).hint).toContain('TRITERM_RUNTIME_DIR');
    expect(refusal(() => verifySecureSocket(`${longest}x`)).code).toBe('BAD_CONFIG');
  });
});
