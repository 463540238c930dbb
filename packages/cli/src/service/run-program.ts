import { execFile } from 'node:child_process';
import { TermError } from '@triterm/core/errors';

export interface ProgramEnd {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a program of PATH, without a shell and without stdin, to its end. Undefined when there is none of that name.
 * Rejects with TIMEOUT, the program killed, or SERVICE_FAILED when it cannot run.
 */
export function runProgram(
  [file, ...args]: readonly [string, ...string[]],
  { env, timeoutMs }: { env: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<ProgramEnd | undefined> {
  return new Promise((resolve, reject) => {
    const options = { env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
    const child = execFile(file, args, options, (cause, stdout, stderr) => {
      if (cause === null) resolve({ status: 0, stdout, stderr });
      else if (typeof cause.code === 'number') resolve({ status: cause.code, stdout, stderr });
      else if (cause.code === 'ENOENT') resolve(undefined);
      else reject(didNotEndWell([file, ...args].join(' '), cause, timeoutMs));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end();
  });
}

function didNotEndWell(what: string, cause: Error & { killed?: boolean }, timeoutMs: number): TermError {
  if (cause.killed === true)
    return new TermError('TIMEOUT', `\`${what}\` has not ended within ${timeoutMs / 1000} s.`, {
      cause,
      hint: 'See what the service manager is busy with: systemctl list-jobs.',
    });
  return new TermError('SERVICE_FAILED', `\`${what}\` cannot run: ${cause.message}`, { cause });
}
