import { basename } from 'node:path';
import type { ShellKind } from '@triterm/core/domain';
import { VERSION } from '@triterm/core/protocol';
import { accountEnvironment, completeEnvironment } from './account.ts';
import { checkSize, sessionEnvironment } from './environment.ts';
import { ENVIRONMENT_FILE, refreshSessionEnvironment } from './refresh.ts';
import { checkCwd, resolveCommand, resolveShell } from './resolve-command.ts';
import { HAND_OVER_VARIABLES, integrate, shellIntegrationDir } from './shell-integration.ts';
import { chooseTerm } from './terminfo.ts';

export { initialPrompt, type PromptState, promptAfter, promptAfterEnter } from './prompt-state.ts';
export { refreshSessionEnvironment } from './refresh.ts';
export { runInput } from './run-input.ts';
export { commandOutput } from './run-output.ts';

/** What the configuration says of new sessions; see its schema. */
export interface LaunchConfig {
  readonly shell: string;
  readonly shellIntegration: boolean;
  readonly term: string;
  readonly dropEnvironment: readonly string[];
  readonly refreshEnvironment: readonly string[];
}

export interface LaunchRequest {
  readonly config: LaunchConfig;
  /** Empty for the user's shell. */
  readonly argv: readonly string[];
  /** Absolute; empty for the home directory. */
  readonly cwd: string;
  readonly clientEnvironment: Readonly<Record<string, string | undefined>>;
  /** `--env`. */
  readonly extraEnvironment: Readonly<Record<string, string>>;
  readonly session: { readonly id: string; readonly name: string };
  /** The session's own directory; made when missing. */
  readonly sessionDir: string;
}

export interface Launch {
  /** Absolute path of the program. */
  readonly file: string;
  /** argv[0] included. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The shell that loads the integration, and so tells prompts and commands; null when none does. */
  readonly shell: ShellKind | null;
  /** The command for people: `bash`, `vim notes.txt`. */
  readonly display: string;
  /** For the log: what differs from the configuration, and why. */
  readonly notes: readonly string[];
}

/**
 * Everything that it takes to start a session's program, checked before anything is started: the errors of a failed
 * exec or chdir in the child would be text on its terminal. Writes the session's environment files.
 *
 * Throws BAD_CWD, COMMAND_NOT_FOUND, PERMISSION_DENIED, BAD_ENV, USAGE, TOO_LARGE, and what refreshSessionEnvironment throws.
 */
export async function prepareLaunch(request: LaunchRequest): Promise<Launch> {
  const { config, session } = request;
  const clientEnvironment = completeEnvironment(request.clientEnvironment, accountEnvironment);
  const cwd = request.cwd === '' ? (clientEnvironment.HOME ?? '') : request.cwd;
  const callerEnvironment = { ...clientEnvironment, ...request.extraEnvironment };
  await checkCwd(cwd);
  const shell = await resolveShell(config.shell, callerEnvironment, cwd);
  const command = await resolveCommand(request.argv, shell, callerEnvironment, cwd);
  const { term, note } = chooseTerm(config.term, callerEnvironment);
  const refreshed = await refreshSessionEnvironment(
    request.sessionDir,
    config.refreshEnvironment,
    clientEnvironment,
  );
  const notes = note === null ? [] : [note];

  let env = sessionEnvironment({
    client: clientEnvironment,
    extra: request.extraEnvironment,
    drop: config.dropEnvironment,
    session,
    version: VERSION,
    term,
    shell,
    cwd,
    environmentFile: `${request.sessionDir}/${ENVIRONMENT_FILE}`,
    environmentStamp: refreshed.stamp,
    agentSocket: config.refreshEnvironment.includes('SSH_AUTH_SOCK')
      ? refreshed.agentSocket
      : clientEnvironment.SSH_AUTH_SOCK,
  });
  const shellDir = config.shellIntegration ? shellIntegrationDir() : null;
  if (config.shellIntegration && shellDir === null)
    notes.push('the files of the shell integration cannot be read');
  let { argv } = command;
  let integrated: ShellKind | null = null;
  if (shellDir !== null) {
    const invocation = integrate(command.file, { argv, env }, shellDir);
    argv = invocation.argv;
    env = { ...invocation.env };
    integrated = invocation.shell;
  }
  if (integrated === null) for (const name of HAND_OVER_VARIABLES) delete env[name];
  checkSize(argv, env);
  const display = describeCommand(request.argv.length === 0 ? [basename(shell)] : request.argv);
  return { file: command.file, argv, cwd, env, shell: integrated, display, notes };
}

const MAX_DISPLAY_LENGTH = 256;

/** argv on one line, without the directory of the command and without control characters. Pure. */
export function describeCommand(argv: readonly string[]): string {
  const [name = '', ...rest] = argv;
  const words = [basename(name) || name, ...rest].map(word =>
    /^[^\s'"\\]+$/.test(word) ? word : JSON.stringify(word),
  );
  const line = words.join(' ').replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  return line.length > MAX_DISPLAY_LENGTH ? `${line.slice(0, MAX_DISPLAY_LENGTH - 1)}…` : line;
}
