import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Guard {
  /** Clears away what is left; the directory stays where it is to be kept. Resolves when that is done. */
  end(keep: boolean): Promise<void>;
}

/**
 * A process that waits for the end of its standard input, then kills whatever has the directory in its command line or
 * environment, and removes it: it does so too when the process that started it was killed. Processes are found where there is a /proc.
 */
const SCRIPT = `
  trap '' INT TERM HUP
  keep=
  while read -r line; do keep=1; done
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}
    [ "$pid" = $$ ] && continue
    cat "$process/cmdline" "$process/environ" 2>/dev/null | tr '\\0' '\\n' | grep -qF -- "$1" && kill -KILL "$pid" 2>/dev/null
  done
  [ -n "$keep" ] || rm -rf "$1" || { sleep 1; rm -rf "$1"; }`;

export function startGuard(dir: string): Guard {
  const child = spawn('sh', ['-c', SCRIPT, 'guard', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: process.env.PATH },
  });
  const ended = once(child, 'exit').catch(() => {});
  // A guard that could not be started, or has ended, takes no word.
  child.stdin.on('error', () => {});
  return {
    async end(keep) {
      child.stdin.end(keep ? 'keep\n' : '');
      await ended;
    },
  };
}
