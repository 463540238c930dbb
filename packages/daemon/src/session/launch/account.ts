import { type UserInfo, userInfo } from 'node:os';

/** Where programs are looked for when nobody says. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Of the daemon's environment: what says who and where we are, and which triterm is ours. */
const PASSED_ON = ['LANG', 'TZ', 'TRITERM_STATE_DIR', 'TRITERM_RUNTIME_DIR', 'TRITERM_CONFIG'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The account that the daemon runs as, by its environment, else by the user database. */
export function accountEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const entry = databaseEntry();
  const name = env.USER || env.LOGNAME || entry?.username;
  const shell = env.SHELL || entry?.shell;
  const known: Record<string, string> = {
    HOME: env.HOME || entry?.homedir || '/',
    PATH: env.PATH || DEFAULT_PATH,
    ...(name ? { USER: name, LOGNAME: name } : {}),
    ...(shell ? { SHELL: shell } : {}),
  };
  for (const variable of PASSED_ON) {
    const value = env[variable];
    if (value) known[variable] = value;
  }
  return known;
}

/**
 * A client on another machine tells nothing of that, not even its HOME: its sessions get what a login here has. Only then `account` is
 * asked: that may be a look-up in the user database.
 */
export function completeEnvironment(client: Environment, account: () => Environment): Environment {
  return client.HOME === undefined ? { ...account(), ...client } : client;
}

/** Undefined where the user database has none of our id. */
export function accountShell(): string | undefined {
  return databaseEntry()?.shell ?? undefined;
}

function databaseEntry(): UserInfo<string> | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}
