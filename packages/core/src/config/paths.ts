import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where everything of one state directory lies. Computed, never created here. */
export interface Paths {
  readonly stateDir: string;
  /** Sockets: `<stateDir>/run`, or `TRITERM_RUNTIME_DIR`. Not XDG_RUNTIME_DIR: that vanishes at logout, sessions do not. */
  readonly runDir: string;
  readonly socket: string;
  /** One socket a pty-host: `<id>.sock`. */
  readonly hostsDir: string;
  /** The daemon holds an exclusive SQLite transaction on it for life. */
  readonly lock: string;
  /** Left by `daemon stop`: clients do not start a daemon while it is there. */
  readonly stopMarker: string;
  readonly database: string;
  /** Names this account on this machine to servers. */
  readonly deviceId: string;
  /** One directory a session, named by id: checkpoint, history, environment. */
  readonly sessionsDir: string;
  readonly logFile: string;
  readonly configFile: string;
  /** Named hosts of the client; beside the configuration file. */
  readonly contextsFile: string;
}

/**
 * `TRITERM_STATE_DIR`, else `$XDG_STATE_HOME/triterm`; relative values of XDG variables are ignored, as their specification
 * says, our own count from the working directory. All are absolute and without a final slash, which would follow a symlink.
 */
export function resolvePaths(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): Paths {
  const stateDir = resolve(
    env.TRITERM_STATE_DIR || join(xdg(env.XDG_STATE_HOME, home, '.local/state'), 'triterm'),
  );
  const runDir = resolve(env.TRITERM_RUNTIME_DIR || join(stateDir, 'run'));
  const configFile = resolve(
    env.TRITERM_CONFIG || join(xdg(env.XDG_CONFIG_HOME, home, '.config'), 'triterm', 'config.json'),
  );
  return {
    stateDir,
    runDir,
    socket: join(runDir, 'tritermd.sock'),
    hostsDir: join(runDir, 'hosts'),
    lock: join(stateDir, 'daemon.lock'),
    stopMarker: join(stateDir, 'stopped'),
    database: join(stateDir, 'triterm.db'),
    deviceId: join(stateDir, 'device-id'),
    sessionsDir: join(stateDir, 'sessions'),
    logFile: join(stateDir, 'tritermd.log'),
    configFile,
    contextsFile: join(dirname(configFile), 'contexts.json'),
  };
}

function xdg(value: string | undefined, home: string, fallback: string): string {
  return value?.startsWith('/') ? value : join(home, fallback);
}
