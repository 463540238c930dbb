import { accessSync, constants, lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkSocketPath, ensureSecureDir, type Paths, verifySecureSocket } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';
import { type Finding, ok, problem, problemOf, shellQuote } from './finding.ts';

/** As long as the name of every host's socket. */
const ANY_HOST = '01234567.sock';

/** Directories, sockets and files: whether they are ours alone, and whether we may write there. Makes nothing. */
export function checkPlaces(paths: Paths): Finding[] {
  return [
    checkDirectory('state directory', paths.stateDir),
    checkDirectory('runtime directory', paths.runDir),
    checkSocket(paths),
    ...[paths.database, paths.lock, paths.logFile].flatMap(checkOwner),
  ];
}

function checkDirectory(name: string, path: string): Finding {
  const found = look(path);
  if (found === undefined) return checkParent(name, path);
  try {
    // It is there, so this makes nothing: it only verifies.
    ensureSecureDir(path);
  } catch (thrown) {
    return problemOf(name, TermError.from(thrown));
  }
  const refused = refusesWriting(path);
  return refused === undefined ? ok(name, path) : unwritable(name, path, refused);
}

/** A directory that is still to be made: whether it can be. */
function checkParent(name: string, path: string): Finding {
  let parent = dirname(path);
  while (look(parent) === undefined && parent !== dirname(parent)) parent = dirname(parent);
  const refused = refusesWriting(parent);
  return refused === undefined
    ? ok(name, `${path} is made when the daemon starts`)
    : unwritable(name, parent, refused);
}

function checkSocket(paths: Paths): Finding {
  try {
    checkSocketPath(paths.socket);
    checkSocketPath(join(paths.hostsDir, ANY_HOST));
    return ok('socket', verifySecureSocket(paths.socket) ? paths.socket : `${paths.socket} is not there`);
  } catch (thrown) {
    return problemOf('socket', TermError.from(thrown));
  }
}

/** Who once ran triterm with sudo has files that the daemon cannot open any more. Silent when all is well. */
function checkOwner(path: string): Finding[] {
  const found = look(path);
  const uid = process.geteuid?.();
  if (found === undefined || uid === undefined || found.uid === uid) return [];
  return [
    problem(
      'owner',
      `${path} belongs to another user (uid ${found.uid}).`,
      `sudo chown ${uid} ${shellQuote(path)}`,
    ),
  ];
}

function unwritable(name: string, path: string, reason: string): Finding {
  return reason === 'EROFS'
    ? problem(
        name,
        `${path} is on a read-only file system.`,
        'Set TRITERM_STATE_DIR to a writable directory.',
      )
    : problem(name, `You may not write into ${path}.`, `chmod u+rwx ${shellQuote(path)}`);
}

function refusesWriting(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (thrown) {
    return errnoName(thrown) ?? 'EACCES';
  }
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
