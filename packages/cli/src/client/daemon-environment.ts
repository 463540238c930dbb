import { resolve } from 'node:path';
import { OPERATOR_VARIABLES } from '@triterm/core/config';

/** What the daemon needs of the environment of whoever happens to start it. */
const KEPT: ReadonlySet<string> = new Set([
  'HOME',
  'LANG',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TMPDIR',
  'TZ',
  'USER',
  'DBUS_SESSION_BUS_ADDRESS',
  // Of Node's own variables only this one: others turn off the check of certificates, or open a debugger.
  'NODE_EXTRA_CA_CERTS',
  ...Object.values(OPERATOR_VARIABLES),
]);
const KEPT_PREFIXES = ['LC_', 'TRITERM_', 'XDG_'] as const;
/** Places, which may be told relative to a directory that is not the daemon's. */
const PATHS =
  /^TRITERM_(?:STATE_DIR|RUNTIME_DIR|CONFIG|TLS_CERT|TLS_KEY|CLUSTER_CA)$|^(?:TRITERM_)?REDIS_TLS_(?:CA|CERT|KEY)$/;
const DROPPED: ReadonlySet<string> = new Set([
  // Belongs to one session's shells.
  'TRITERM_SESSION',
  // Are about the servers that a client asks.
  ...['TRITERM_HOST', 'TRITERM_TOKEN', 'TRITERM_TOKEN_FILE', 'TRITERM_CA'],
  // In most shells another program's; `operatorEnvironment` takes it where it is ours.
  'PORT',
]);

/**
 * The daemon's environment: settings and places, nothing else. It outlives the shell that starts it, so it must not
 * keep that shell's secrets besides those of its own database and Redis, and must be the same whoever was first. Sessions
 * get the environment of their own client.
 */
export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) =>
      !DROPPED.has(name) && (KEPT.has(name) || KEPT_PREFIXES.some(prefix => name.startsWith(prefix))),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [name, PATHS.test(name) && value ? resolve(value) : value]),
  );
}

/**
 * The environment of somebody who starts the daemon on purpose, and so means it by `PORT`, as deployments set it: the setting `listen`,
 * unless that has a variable of its own.
 */
export function operatorEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env.PORT && !env.TRITERM_LISTEN ? { ...env, TRITERM_LISTEN: env.PORT } : env;
}
