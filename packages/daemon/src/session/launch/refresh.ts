import { createHash } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';

/** The stable name of the client's agent socket within a session's directory. */
export const AGENT_LINK = 'ssh-auth-sock';
/** What shells source, in their two syntaxes. */
export const ENVIRONMENT_FILE = 'environment.sh';
export const FISH_ENVIRONMENT_FILE = 'environment.fish';

/** `sun_path` without its terminating NUL: a longer path cannot be connected to. */
const MAX_SOCKET_PATH_BYTES = 107;
/** A longer value is left out of the files: the shells keep what they have. */
const MAX_VALUE_BYTES = 32 * 1024;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface RefreshedEnvironment {
  /** Whether the files or the link differ from before. */
  readonly changed: boolean;
  /** First line of the files: names their content. A shell whose environment is of another content sources the file. */
  readonly stamp: string;
  /** SSH_AUTH_SOCK for the session: the link, or the client's own value where the link's path would be too long. */
  readonly agentSocket: string | undefined;
}

/**
 * Takes over a client's values of the variables in `list` for the shells of a session: `environment.sh` and
 * `environment.fish` (0600, replaced atomically, only when their content changes) set those that the client has and
 * unset the others. SSH_AUTH_SOCK is set to a symlink with a stable name, so that programs that run already reach the
 * agent too; while the client has no agent but the one linked to still listens, it stays.
 *
 * `dir` is the session's directory; it is made (0700) when missing. Throws UNSAFE_PATH when it is not a directory of
 * ours, DISK_FULL, READ_ONLY_STATE, or what the file system says.
 */
export async function refreshSessionEnvironment(
  dir: string,
  list: readonly string[],
  clientEnv: Readonly<Record<string, string | undefined>>,
): Promise<RefreshedEnvironment> {
  try {
    await ensurePrivateDirectory(dir);
    const values = new Map<string, string | undefined>();
    for (const name of new Set(list)) {
      if (VARIABLE_NAME.test(name) && isCarried(clientEnv[name]))
        values.set(name, clientEnv[name] || undefined);
    }
    let linkChanged = false;
    if (values.has('SSH_AUTH_SOCK')) {
      const link = join(dir, AGENT_LINK);
      const agent = await linkAgent(link, values.get('SSH_AUTH_SOCK'));
      linkChanged = agent.changed;
      values.set('SSH_AUTH_SOCK', agent.value);
    }
    const stamp = stampOf(values);
    const changed = [
      await replaceWhenDifferent(join(dir, ENVIRONMENT_FILE), `${stamp}\n${renderSh(values)}`),
      await replaceWhenDifferent(join(dir, FISH_ENVIRONMENT_FILE), `${stamp}\n${renderFish(values)}`),
    ];
    return {
      changed: linkChanged || changed.includes(true),
      stamp,
      agentSocket: values.get('SSH_AUTH_SOCK'),
    };
  } catch (error) {
    throw toTermError(error, dir);
  }
}

/** sh, bash and zsh. Pure; the order of `values` is kept. */
export function renderSh(values: ReadonlyMap<string, string | undefined>): string {
  let text = '';
  for (const [name, value] of values) {
    text += value === undefined ? `unset ${name}\n` : `export ${name}='${value.replaceAll("'", "'\\''")}'\n`;
  }
  return text;
}

/** fish. Pure; the order of `values` is kept. */
export function renderFish(values: ReadonlyMap<string, string | undefined>): string {
  let text = '';
  for (const [name, value] of values) {
    text +=
      value === undefined ? `set -e ${name}\n` : `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'\n`;
  }
  return text;
}

function isCarried(value: string | undefined): boolean {
  return value === undefined || (!value.includes('\0') && Buffer.byteLength(value) <= MAX_VALUE_BYTES);
}

function stampOf(values: ReadonlyMap<string, string | undefined>): string {
  const content = JSON.stringify([...values].map(([name, value]) => [name, value ?? null]));
  return `# triterm ${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

async function linkAgent(
  link: string,
  wanted: string | undefined,
): Promise<{ value: string | undefined; changed: boolean }> {
  const linkFits = Buffer.byteLength(link) <= MAX_SOCKET_PATH_BYTES;
  const present = await readlink(link).catch(() => undefined);
  if (wanted === link || wanted === undefined) {
    // Attached from within the session itself, or from where no agent is: keep one that still listens.
    if (present !== undefined && (await isSocket(link)))
      return { value: linkFits ? link : present, changed: false };
    await rm(link, { force: true });
    return { value: undefined, changed: present !== undefined };
  }
  // Another session's link is followed here, or two sessions attached to from within each other would link in a circle.
  const target = wanted.endsWith(`/${AGENT_LINK}`) ? await realpath(wanted).catch(() => wanted) : wanted;
  if (!linkFits || !target.startsWith('/')) return { value: wanted, changed: false };
  if (present === target) return { value: link, changed: false };
  const temporary = `${link}.${newToken()}`;
  await symlink(target, temporary);
  await rename(temporary, link);
  return { value: link, changed: true };
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    status => status.isSocket(),
    () => false,
  );
}

async function replaceWhenDifferent(path: string, text: string): Promise<boolean> {
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present === text) return false;
  const temporary = `${path}.${newToken()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

async function ensurePrivateDirectory(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 });
  await mkdir(dir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const status = await lstat(dir);
  if (!status.isDirectory() || status.uid !== process.getuid?.()) {
    throw new TermError('UNSAFE_PATH', `${dir} is not a directory that belongs to you`);
  }
  if ((status.mode & 0o077) !== 0) await chmod(dir, 0o700);
}

function toTermError(error: unknown, dir: string): unknown {
  const code = errnoName(error);
  const message = `cannot write the environment of the session into ${dir}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new TermError('DISK_FULL', message, { cause: error });
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new TermError('READ_ONLY_STATE', message, { cause: error });
  }
  return error;
}
