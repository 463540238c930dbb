import { spawn } from 'node:child_process';
import { nowMs } from './clock.ts';

/** A command line with its whole environment. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Finished {
  /** From just before it was started until it had ended and all that it printed was read. */
  readonly ms: number;
  readonly stdout: string;
}

const TIMEOUT_MS = 60_000;

/** Runs a command to its end. Throws with its stderr when it fails. */
export function run(command: Command, timeoutMs = TIMEOUT_MS): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const [file = '', ...args] = command.argv;
    const startedMs = nowMs();
    const child = spawn(file, args, {
      env: command.env,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const printed = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => {
      printed.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      printed.stderr += text;
    });
    child.on('error', reject);
    // `exit`, not `close`: a daemon that it started may hold its stderr for ever.
    child.on('exit', (code, signal) => {
      const ms = nowMs() - startedMs;
      if (code === 0) setImmediate(() => resolve({ ms, stdout: printed.stdout }));
      else
        setImmediate(() =>
          reject(new Error(`${command.argv.join(' ')}: ${signal ?? `exit ${code}`}\n${printed.stderr}`)),
        );
    });
  });
}
