import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** open(2), O_CLOEXEC as /proc shows it (octal). */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what whoever started us left open: a pipe or lock of a script would stay busy for as long as this process and its
 * children live. Node's own descriptors are all close-on-exec, so the others are the inherited ones. Linux only;
 * elsewhere Node's spawn has closed them. Those in `kept` were passed on purpose.
 */
export function closeInheritedDescriptors(kept: readonly number[] = []): void {
  for (const fd of inheritedDescriptors()) {
    if (kept.includes(fd)) continue;
    try {
      closeSync(fd);
    } catch {
      // It was closed meanwhile.
    }
  }
}

function inheritedDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fdinfo')
      .map(Number)
      .filter(fd => fd > 2 && !isCloseOnExec(fd));
  } catch {
    return [];
  }
}

function isCloseOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return true;
  }
}
