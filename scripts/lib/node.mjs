import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inRoot, Stop } from './workspace.mjs';

/** As the packages' `engines` say. */
const NEEDED = [22, 15];

/**
 * The Node that runs triterm: the one of the lock file, or the host's where that one was not installed or does not run
 * (another platform, another libc). Throws a Stop when neither will do.
 */
export function findNode() {
  const pinnedDir = inRoot('node_modules/');
  if (process.execPath.startsWith(pinnedDir)) return process.execPath;
  const pinned = inRoot('node_modules/.bin/node');
  if (isNewEnough(versionOf(pinned))) return pinned;
  if (isNewEnough(process.versions.node)) return process.execPath;
  const found = hostNodes().find(node => isNewEnough(versionOf(node)));
  if (found !== undefined) return found;
  throw new Stop(
    `Node ${NEEDED.join('.')} or newer is needed; there is none for this platform in node_modules, and this is ${process.versions.node}.`,
    'Install Node 24 from https://nodejs.org or with a version manager, then run the same command again.',
  );
}

function hostNodes() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(dir => join(dir, 'node'))
    .filter(file => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function versionOf(node) {
  const { error, status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return error === undefined && status === 0 ? stdout.trim().slice(1) : '0.0';
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}
