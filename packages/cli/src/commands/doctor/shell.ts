import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { type Finding, ok, problem, warning } from './finding.ts';

/** Those whose integration tells prompts, commands and the working directory. */
const INTEGRATED = ['bash', 'zsh', 'fish'];

export interface ShellFacts {
  /** Path of the shell that new sessions get. */
  readonly shell: string;
  readonly isExecutable: boolean;
  readonly isIntegrationOn: boolean;
  /** Whether the integration's files can be read. */
  readonly hasIntegration: boolean;
}

/** What a new session's shell is, and whether `run`, `wait --command` and the list's commands work in it. */
export function checkShell(facts: ShellFacts): Finding[] {
  const { shell } = facts;
  if (!facts.isExecutable)
    return [
      problem(
        'shell',
        `${shell} cannot be executed.`,
        'Correct SHELL, or `shell` in the configuration file.',
      ),
    ];
  return [ok('shell', shell), checkIntegration(facts)];
}

function checkIntegration({ shell, isIntegrationOn, hasIntegration }: ShellFacts): Finding {
  const name = 'shell integration';
  if (!isIntegrationOn)
    return warning(
      name,
      'It is switched off: `run` and `wait --command` do not work.',
      'Set `shellIntegration` to true in the configuration file.',
    );
  if (!hasIntegration) return problem(name, 'Its files are missing.', 'Install triterm again.');
  return INTEGRATED.includes(basename(shell))
    ? ok(name, `loaded into ${basename(shell)}`)
    : warning(
        name,
        `There is none for ${basename(shell)}: \`run\` and \`wait --command\` do not work in it.`,
        `Use bash, zsh or fish where you need them: triterm new -- bash`,
      );
}

/** The shell that the daemon takes: the configured one, `$SHELL`, the account's, /bin/sh. */
export function defaultShell(configured: string, env: NodeJS.ProcessEnv): string {
  if (configured !== '') return configured;
  return env.SHELL || accountShell() || '/bin/sh';
}

function accountShell(): string | null {
  try {
    return userInfo().shell;
  } catch {
    return null;
  }
}

export function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
