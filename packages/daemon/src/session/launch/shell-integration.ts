import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShellKind } from '@triterm/core/domain';

const SHELL_KINDS: readonly ShellKind[] = ['bash', 'zsh', 'fish'];

/** How a program is started: `argv[0]` included. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface IntegratedInvocation extends Invocation {
  /** The shell that loads the integration, or null: started as it was given. */
  readonly shell: ShellKind | null;
}

/** Variables that carry something through a shell's start; the integration takes them back before it reads the user's files. */
export const HAND_OVER_VARIABLES = [
  'TRITERM_USER_ENV',
  'TRITERM_USER_HISTFILE',
  'TRITERM_USER_ZDOTDIR',
  'TRITERM_ENVIRONMENT_STAMP',
] as const;

/**
 * The directory of the static integration files: `packages/daemon/shell`. Null when it cannot be read; shells then
 * start as they are.
 */
export function shellIntegrationDir(moduleUrl: string = import.meta.url): string | null {
  const levels = moduleUrl.endsWith('.ts') ? '../../../shell' : '../../shell';
  const dir = fileURLToPath(new URL(levels, moduleUrl));
  try {
    for (const kind of SHELL_KINDS) accessSync(`${dir}/${kind}/integration.${kind}`, constants.R_OK);
    return dir;
  } catch {
    return null;
  }
}

/**
 * Adds to the start of an interactive bash, zsh or fish what makes it load the integration beside the user's own start-up
 * files. Anything else — scripts, `-c`, options that choose start-up files, other programs — stays as it is.
 *
 * - bash, login: `--posix` with `$ENV`, the one way in which a login bash reads a file of our choice and remains a login
 *   shell; that file then reads /etc/profile and ~/.bash_profile (~/.bash_login, ~/.profile) as bash would.
 * - bash, not login: `--rcfile`, which stands in for ~/.bashrc and reads it.
 * - zsh: `$ZDOTDIR` for the time of the first file, which puts it back.
 * - fish: `--init-command`, which runs after the user's configuration.
 */
export function integrate(
  file: string,
  invocation: Invocation,
  shellDir: string,
  platform: NodeJS.Platform = process.platform,
): IntegratedInvocation {
  const unchanged: IntegratedInvocation = { ...invocation, shell: null };
  const kind = shellKind(file);
  if (kind === null) return unchanged;
  const [name = kind, ...options] = invocation.argv;
  const login = name.startsWith('-') || options.some(option => /^(?:--login|-i?li?)$/.test(option));
  if (!options.every(option => INTERACTIVE_OPTIONS[kind].test(option))) return unchanged;

  const env: Record<string, string> = { ...invocation.env, TRITERM_SHELL_INTEGRATION: shellDir };
  switch (kind) {
    case 'bash':
      // A shell that is told to be in POSIX mode, or which options to have, is not ours to steer by these means.
      if (['POSIXLY_CORRECT', 'SHELLOPTS', 'BASHOPTS'].some(variable => env[variable] !== undefined))
        return unchanged;
      if (!login) {
        return {
          argv: [name, '--rcfile', `${shellDir}/bash/interactive.bash`, ...options],
          env,
          shell: kind,
        };
      }
      // Apple's bash 3.2 does not read $ENV.
      if (platform === 'darwin' && file === '/bin/bash') return unchanged;
      handOver(env, 'ENV', 'TRITERM_USER_ENV');
      handOver(env, 'HISTFILE', 'TRITERM_USER_HISTFILE');
      // bash expands the value: through a variable, so that no character of the path means anything.
      env.ENV = '$TRITERM_SHELL_INTEGRATION/bash/login.bash';
      return { argv: [name, '--posix', ...options], env, shell: kind };
    case 'zsh':
      handOver(env, 'ZDOTDIR', 'TRITERM_USER_ZDOTDIR');
      env.ZDOTDIR = `${shellDir}/zsh`;
      return { argv: [name, ...options], env, shell: kind };
    case 'fish':
      return {
        argv: [name, ...options, '--init-command', 'source $TRITERM_SHELL_INTEGRATION/fish/integration.fish'],
        env,
        shell: kind,
      };
  }
}

/** The shell that a program is, by its name. */
export function shellKind(file: string): ShellKind | null {
  return SHELL_KINDS.find(kind => kind === basename(file)) ?? null;
}

/** Options with which a shell on a terminal is interactive and reads the usual start-up files. */
const INTERACTIVE_OPTIONS: Readonly<Record<ShellKind, RegExp>> = {
  bash: /^(?:--login|-i?li?|-i)$/,
  zsh: /^(?:--login|--interactive|-i?li?|-i)$/,
  fish: /^(?:--login|--interactive|-i?li?|-i)$/,
};

function handOver(env: Record<string, string>, variable: string, carrier: string): void {
  const value = env[variable];
  if (value !== undefined) env[carrier] = value;
}
