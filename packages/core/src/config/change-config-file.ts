import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoName, TermError } from '../errors/index.ts';
import { writeFileAtomicSync } from './atomic-file.ts';
import { parseConfigText, readConfigText } from './config-file.ts';
import { isSecretValue } from './secret-settings.ts';
import { makeDirectory } from './secure-dir.ts';
import { fileError } from './system-error.ts';

/** Returns what is to stand in the file, or what it was given to leave it alone; may throw, and then nothing is changed. */
export type SettingsChange = (inFile: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** Each loses to somebody who has changed the file in the same few milliseconds. */
const MAX_ATTEMPTS = 20;

/** Somebody else has changed the file since it was read. */
class ChangedMeanwhile extends TermError {}

/**
 * Replaces the settings in the configuration file, which is made when it is missing, for its owner only. The order of settings and the
 * indentation are kept. A symlink stays, and what it leads to is replaced. A file that holds a secret is closed to others. What
 * somebody else changes at the same time stays: `change` is asked again then. Rejects with BAD_CONFIG for a file that is none,
 * UNSAFE_PATH for a symlink that leads nowhere, PERMISSION_DENIED, DISK_FULL, READ_ONLY_STATE, TIMEOUT when others change it all the
 * time, and what `change` throws; then the file is as it was.
 */
export async function changeConfigFile(path: string, change: SettingsChange): Promise<void> {
  const target = targetOf(path);
  for (let attempt = 1; ; attempt += 1) {
    try {
      changeOnce(target, path, change);
      return;
    } catch (thrown) {
      if (!(thrown instanceof ChangedMeanwhile) || attempt === MAX_ATTEMPTS) throw thrown;
    }
  }
}

function changeOnce(target: string, path: string, change: SettingsChange): void {
  const text = readConfigText(target);
  const settings = text === undefined ? {} : parseConfigText(text, path);
  const changed = change(settings);
  if (changed === settings) return;
  makeDirectory(dirname(target), 0o700);
  const before = statSync(target, { throwIfNoEntry: false });
  writeFileAtomicSync(
    target,
    `${JSON.stringify(changed, undefined, indentationOf(text ?? ''))}\n`,
    { fsync: true, ...(before === undefined ? {} : rightsOf(before, changed)) },
    () => {
      if (readConfigText(target) !== text)
        throw new ChangedMeanwhile('TIMEOUT', `${path} is being changed by others all the time.`);
    },
  );
}

/** Dotfile managers keep the file elsewhere, and a link to it here. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    const name = errnoName(thrown);
    if (name !== 'ENOENT' && name !== 'ENOTDIR') throw fileError(thrown, `Cannot follow ${path}`);
  }
  if (isSymlink(path))
    throw new TermError('UNSAFE_PATH', `${path} is a symlink to a file that is not there.`, {
      hint: `Make that file, or remove the link: rm '${path}'`,
    });
  return path;
}

function isSymlink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** A service's file is often root's; whoever may read it now must still be able to, unless it is a secret and they are just anybody. */
function rightsOf(
  before: Stats,
  settings: Readonly<Record<string, unknown>>,
): { mode: number; owner?: { uid: number; gid: number } } {
  const holdsSecret = Object.entries(settings).some(([setting, value]) => isSecretValue(setting, value));
  // As `exposureOf` has it: a group may read what is root's.
  const closed = before.uid === 0 ? 0o750 : 0o700;
  const mode = before.mode & (holdsSecret ? closed : 0o755);
  // Others cannot give files away.
  return process.geteuid?.() === 0 ? { mode, owner: { uid: before.uid, gid: before.gid } } : { mode };
}

/** That of the first setting, when it stands on a line of its own. */
function indentationOf(text: string): string {
  return /^\s*\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
}
