import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { DrillEvent, DrillInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { daemonProgram } from '../client/daemon-package.ts';
import type { CommandContext } from '../commands/definition.ts';

/** Of what it says on standard error, in UTF-16 units. */
const MAX_SAID_LENGTH = 4000;

type Surroundings = Pick<CommandContext, 'env' | 'paths'>;

/** The drills there are. Throws DRILL_NOT_RUN. */
export async function listDrills(surroundings: Surroundings): Promise<DrillInfo[]> {
  const drills: DrillInfo[] = [];
  await runProgram(['ls'], surroundings, line => drills.push(line as DrillInfo));
  return drills;
}

/** Runs drills one after another and tells of each event as it comes. An interrupted drill clears up first. Throws DRILL_NOT_RUN. */
export async function runDrills(
  surroundings: Surroundings,
  {
    names,
    live,
    keep,
  }: { readonly names: readonly string[]; readonly live: boolean; readonly keep: boolean },
  interrupted: AbortSignal,
  tell: (event: DrillEvent) => void,
): Promise<void> {
  const flags = [...(live ? ['--live'] : []), ...(keep ? ['--keep'] : [])];
  await runProgram(['run', ...flags, ...names], surroundings, line => tell(line as DrillEvent), interrupted);
}

/** Runs triterm-drill, a program of the daemon's package and release, to its end. It ends by itself when we are gone. */
async function runProgram(
  args: readonly string[],
  { env, paths }: Surroundings,
  onLine: (line: unknown) => void,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn(process.execPath, [...daemonProgram('triterm-drill', 'DRILL_NOT_RUN'), ...args], {
    // Relative paths count from where we are.
    env: {
      ...env,
      TRITERM_STATE_DIR: paths.stateDir,
      TRITERM_RUNTIME_DIR: paths.runDir,
      TRITERM_CONFIG: paths.configFile,
    },
    cwd: '/',
    // In a group of its own: Ctrl-C is ours to pass on, and its servers do not get it before it has cleared up.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-MAX_SAID_LENGTH);
  });
  child.stdin.on('error', () => {});
  const interrupt = () => child.stdin.end();
  signal?.addEventListener('abort', interrupt);
  try {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', line => onLine(JSON.parse(line)));
    const [[code, killedBy]] = await Promise.all([once(child, 'close'), once(lines, 'close')]);
    if (code !== 0) throw failed(said, killedBy ?? `status ${code}`);
  } catch (thrown) {
    throw TermError.from(thrown, 'DRILL_NOT_RUN');
  } finally {
    signal?.removeEventListener('abort', interrupt);
    child.stdin.end();
  }
}

function failed(said: string, how: string): TermError {
  const [first = '', second] = said.trim().split('\n  ');
  const message = first.replace(/^triterm-drill: /, '') || `triterm-drill ended with ${how}.`;
  return new TermError('DRILL_NOT_RUN', message, second === undefined ? {} : { hint: second });
}
