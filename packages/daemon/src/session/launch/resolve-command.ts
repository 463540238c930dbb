import { access, constants, open, readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { closest } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';
import { accountShell, DEFAULT_PATH } from './account.ts';

/** Names looked at for a suggestion. */
const MAX_CANDIDATES = 20_000;
/** Shells that take `-l` as "be a login shell". */
const LOGIN_OPTION = /^(?:sh|ash|dash|bash|zsh|fish|ksh|ksh93|mksh|yash|tcsh|csh|nu)$/;
/** What accounts have instead of a shell when nobody may log in. */
const NO_SHELL = /^(?:nologin|false|true)$/;

export interface ResolvedCommand {
  /** Absolute path; a file that may be executed. */
  readonly file: string;
  /** argv[0] included, as the user wrote it. */
  readonly argv: readonly string[];
}

/**
 * The user's shell: the one in the configuration, `$SHELL` of the client, the account's, /bin/sh; the first that can be
 * executed. One that is configured must work: otherwise throws COMMAND_NOT_FOUND or PERMISSION_DENIED.
 */
export async function resolveShell(
  configured: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string> {
  if (configured !== '') return findCommand(configured, env, cwd);
  for (const candidate of [env.SHELL, accountShell()]) {
    if (candidate === undefined || !isAbsolute(candidate) || NO_SHELL.test(basename(candidate))) continue;
    if ((await executability(candidate)) === 'executable') return candidate;
  }
  return '/bin/sh';
}

/**
 * What to start. An empty argv is the user's shell as a login shell, as tmux does it: a session begins like a login, and
 * outlives the one that it was made in. It is asked for with `-l`, which every usual shell understands.
 *
 * Throws USAGE for NUL characters or an empty name, COMMAND_NOT_FOUND (with a suggestion), PERMISSION_DENIED.
 */
export async function resolveCommand(
  argv: readonly string[],
  shell: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<ResolvedCommand> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    return { file: shell, argv: LOGIN_OPTION.test(basename(shell)) ? [shell, '-l'] : [shell] };
  }
  if (argv.some(word => word.includes('\0')))
    throw new TermError('USAGE', 'an argument holds a NUL character');
  if (name === '') throw new TermError('USAGE', 'the name of the command is empty');
  return { file: await findCommand(name, env, cwd), argv: [name, ...rest] };
}

/** Checks that a directory can be a session's working directory. Throws BAD_CWD. */
export async function checkCwd(cwd: string): Promise<void> {
  const refuse = (reason: string, cause?: unknown): TermError =>
    new TermError('BAD_CWD', `cannot start in ${JSON.stringify(cwd)}: ${reason}`, { cause });
  if (cwd.includes('\0')) throw refuse('it holds a NUL character');
  if (!isAbsolute(cwd)) throw refuse('it is not an absolute path');
  try {
    if (!(await stat(cwd)).isDirectory()) throw refuse('it is not a directory');
    await access(cwd, constants.X_OK);
  } catch (error) {
    throw error instanceof TermError ? error : refuse(describe(error), error);
  }
}

/** The file that execvp(3) would run with the client's PATH. Throws COMMAND_NOT_FOUND, PERMISSION_DENIED. */
async function findCommand(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string> {
  const directories = (env.PATH ?? DEFAULT_PATH).split(':').map(directory => resolve(cwd, directory));
  const candidates = name.includes('/')
    ? [resolve(cwd, name)]
    : directories.map(directory => join(directory, name));
  let refused: { path: string; reason: string } | undefined;
  for (const path of candidates) {
    const found = await executability(path);
    if (found === 'executable') {
      await checkInterpreter(path);
      return path;
    }
    if (found !== 'missing') refused ??= { path, reason: found };
  }
  if (refused !== undefined && name.includes('/')) {
    throw new TermError('PERMISSION_DENIED', `cannot execute ${refused.path}: it is ${refused.reason}`);
  }
  if (refused?.reason === 'not executable') {
    throw new TermError('PERMISSION_DENIED', `cannot execute ${refused.path}: it is ${refused.reason}`);
  }
  const similar = name.includes('/') ? undefined : closest(name, await commandNames(directories, name));
  throw new TermError('COMMAND_NOT_FOUND', `command not found: ${name}`, {
    details: { command: name, ...(similar === undefined ? {} : { suggestion: similar }) },
    ...(similar === undefined ? {} : { hint: `Did you mean \`${similar}\`?` }),
  });
}

type Executability = 'executable' | 'missing' | 'a directory' | 'not a regular file' | 'not executable';

async function executability(path: string): Promise<Executability> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) return 'a directory';
    if (!status.isFile()) return 'not a regular file';
    await access(path, constants.X_OK);
    return 'executable';
  } catch (error) {
    return errnoName(error) === 'EACCES' ? 'not executable' : 'missing';
  }
}

/** A script whose interpreter is missing would fail with a bare "No such file" on the terminal. */
async function checkInterpreter(path: string): Promise<void> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return;
  try {
    const head = Buffer.alloc(256);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const interpreter = /^#![ \t]*(\/[^ \t\r\n]*)(?=[ \t\n])/.exec(
      head.toString('latin1', 0, bytesRead),
    )?.[1];
    if (interpreter === undefined) return;
    const found = await executability(Buffer.from(interpreter, 'latin1').toString());
    if (found === 'missing') {
      throw new TermError(
        'COMMAND_NOT_FOUND',
        `cannot run ${path}: its interpreter ${interpreter} does not exist`,
        {
          hint: 'Install it, or correct the first line of the script.',
        },
      );
    }
  } finally {
    await file.close();
  }
}

/** Of the directories on the PATH, without `except`. */
async function commandNames(directories: readonly string[], except: string): Promise<string[]> {
  const names: string[] = [];
  for (const directory of new Set(directories)) {
    names.push(...(await readdir(directory).catch(() => [])));
    if (names.length >= MAX_CANDIDATES) break;
  }
  return names.slice(0, MAX_CANDIDATES).filter(name => name !== except);
}

function describe(error: unknown): string {
  const code = errnoName(error);
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'you may not enter it';
  return error instanceof Error ? error.message : String(error);
}
