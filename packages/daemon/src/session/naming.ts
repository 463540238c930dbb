import { basename } from 'node:path';
import { isSessionName } from '@triterm/core/domain';

const MAX_NAME_LENGTH = 64;

/** A free name for a session that was given none: the command's, with a number from the second on (`bash`, `bash-2`). */
export function freeName(command: string, taken: (name: string) => boolean): string {
  const base = nameOf(command);
  return taken(base) ? numbered(base, '-', 2, taken) : base;
}

/** A free name for an ended session whose name is wanted for a new one: `main.1`. */
export function retiredName(name: string, taken: (name: string) => boolean): string {
  return numbered(name, '.', 1, taken);
}

/** A free name for a PTY whose session is another server's now: `orphan-main`, with a number from the second on. */
export function orphanName(name: string, taken: (name: string) => boolean): string {
  const wanted = `orphan-${name}`.slice(0, MAX_NAME_LENGTH);
  return taken(wanted) ? numbered(wanted, '-', 2, taken) : wanted;
}

function nameOf(command: string): string {
  const word = basename(command.split(/\s/, 1)[0] ?? '')
    .replace(/[^\p{L}\p{N}_.-]/gu, '')
    .replace(/^-+/, '')
    .slice(0, MAX_NAME_LENGTH / 2);
  return isSessionName(word) ? word : 'session';
}

function numbered(base: string, separator: string, from: number, taken: (name: string) => boolean): string {
  for (let number = from; ; number++) {
    const suffix = `${separator}${number}`;
    const candidate = base.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
    if (!taken(candidate)) return candidate;
  }
}
