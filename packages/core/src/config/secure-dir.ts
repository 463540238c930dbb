import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { errnoName, TermError } from '../errors/index.ts';
import { fileError } from './system-error.ts';

/** `sun_path` of unix(7) holds 108 bytes on Linux, 104 elsewhere, with its final NUL. */
export const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * Makes a directory, and the ones above it that are missing, with mode 0700, and verifies that it is ours alone. Throws
 * UNSAFE_PATH, PERMISSION_DENIED, DISK_FULL or READ_ONLY_STATE.
 */
export function ensureSecureDir(path: string): void {
  // One by one: mkdir(2) may say ENOENT although the parent is there (in /proc, in a directory that was removed), and
  // `recursive` would then try for ever.
  const missing: string[] = [];
  for (let at = path; stat(at) === undefined; at = dirname(at)) missing.unshift(at);
  for (const directory of missing) make(directory);
  verify(path, lstatSync(path), 'directory');
}

function make(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    // Somebody else was faster.
    if (errnoName(thrown) !== 'EEXIST') throw directoryError(thrown, path);
  }
}

/**
 * Whether a daemon's socket lies there, to be asked before connecting: false when there is none. Throws UNSAFE_PATH when
 * somebody else could have made it, PERMISSION_DENIED, or BAD_CONFIG for a path that is too long.
 */
export function verifySecureSocket(path: string): boolean {
  checkSocketPath(path);
  const directory = stat(dirname(path));
  if (directory === undefined) return false;
  verify(dirname(path), directory, 'directory');
  const socket = stat(path);
  if (socket === undefined) return false;
  verify(path, socket, 'socket');
  return true;
}

/** Throws BAD_CONFIG for a path that no unix socket can have. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new TermError(
    'BAD_CONFIG',
    `The path of the socket has ${bytes} bytes, ${MAX_SOCKET_PATH_BYTES} are possible: ${path}`,
    { hint: 'Set TRITERM_RUNTIME_DIR to a shorter directory.' },
  );
}

/** Symlinks are not followed, so that they are of the wrong kind. */
function verify(path: string, found: Stats, kind: 'directory' | 'socket'): void {
  const rightKind = kind === 'directory' ? found.isDirectory() : found.isSocket();
  if (!rightKind) {
    const actual = found.isSymbolicLink() ? ' but a symlink' : '';
    throw new TermError('UNSAFE_PATH', `${path} is not a ${kind}${actual}.`, {
      hint: `Move it away, then try again: mv '${path}' '${path}.old'`,
    });
  }
  const uid = process.geteuid?.();
  if (uid !== undefined && found.uid !== uid) {
    throw new TermError('UNSAFE_PATH', `${path} belongs to another user (uid ${found.uid}).`, {
      hint: 'Set TRITERM_STATE_DIR to a directory of your own.',
    });
  }
  if ((found.mode & 0o077) === 0) return;
  throw new TermError(
    'UNSAFE_PATH',
    `${path} is open to other users (mode ${(found.mode & 0o777).toString(8).padStart(4, '0')}).`,
    { hint: `Close it to them: chmod ${kind === 'directory' ? '700' : '600'} '${path}'` },
  );
}

/**
 * Makes a directory, and the ones above it that are missing; one that is there is left as it is. Throws UNSAFE_PATH for what stands in
 * its way, or as `fileError` has it.
 */
export function makeDirectory(path: string, mode?: number): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (thrown) {
    throw directoryError(thrown, path);
  }
}

function directoryError(thrown: unknown, path: string): TermError {
  const obstacle = OBSTACLES.get(errnoName(thrown));
  if (obstacle === undefined) return fileError(thrown, `Cannot make the directory ${path}`);
  return new TermError('UNSAFE_PATH', `Something on the way to ${path} ${obstacle}.`, { cause: thrown });
}

const OBSTACLES = new Map<string | undefined, string>([
  ['ENOTDIR', 'is not a directory'],
  ['EEXIST', 'is not a directory'],
  // A link, or a file system of the kernel's own.
  ['ENOENT', 'leads nowhere, or takes no directory'],
]);

function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (thrown) {
    const name = errnoName(thrown);
    if (name === 'ENOENT' || name === 'ENOTDIR') return undefined;
    throw fileError(thrown, `Cannot look at ${path}`);
  }
}
