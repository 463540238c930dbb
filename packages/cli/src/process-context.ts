import { resolvePaths } from '@triterm/core/config/paths';
import type { CommandContext } from './commands/definition.ts';
import { withHost } from './commands/with-host.ts';

/**
 * The process as commands see it. A reader that goes away (`triterm events | head -1`) ends the command quietly: it
 * got what it wanted.
 */
export function processContext(from: NodeJS.Process): CommandContext {
  let guarded = false;
  const stdout = () => {
    if (!guarded) from.stdout.on('error', leaveQuietly);
    guarded = true;
    return from.stdout;
  };
  const leaveQuietly = (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') from.exit(0);
    throw cause;
  };
  return withHost({
    env: from.env,
    cwd: () => from.cwd(),
    // Node makes each of them when it is first asked for, which takes it milliseconds.
    get stdin() {
      return from.stdin;
    },
    get stdout() {
      return stdout();
    },
    get stderr() {
      return from.stderr;
    },
    paths: resolvePaths(from.env),
  });
}
