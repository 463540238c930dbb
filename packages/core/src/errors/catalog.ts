/**
 * Every error that triterm reports, in one place. The code is the stable contract (scripts match on it), the
 * category decides the exit code and whether a retry can help, the hint is the next step for a person.
 */

/** What kind of trouble it is; decides the CLI's exit code. */
export type ErrorCategory =
  | 'usage'
  | 'not-found'
  | 'conflict'
  | 'denied'
  | 'unavailable'
  | 'limit'
  | 'protocol'
  | 'storage'
  | 'timeout'
  | 'internal';

export interface ErrorSpec {
  readonly category: ErrorCategory;
  /** Whether the same request can succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** The next step for a person. */
  readonly hint: string;
}

/** Exit codes of the CLI, by category. `attach` and `run` otherwise leave with the program's own status. */
export const EXIT_CODES: Readonly<Record<ErrorCategory, number>> = {
  usage: 2,
  'not-found': 3,
  conflict: 4,
  denied: 5,
  unavailable: 6,
  limit: 7,
  protocol: 8,
  storage: 9,
  internal: 70,
  timeout: 124,
};

const spec = (category: ErrorCategory, hint: string, retryable = false): ErrorSpec => ({
  category,
  retryable,
  hint,
});

/** The catalogue. Keys are the wire codes. */
export const ERROR_CATALOG = {
  USAGE: spec('usage', 'See `triterm --help`.'),
  BAD_SIZE: spec('usage', 'Give COLSxROWS between 1x1 and 4096x4096, for example 120x40.'),
  BAD_NAME: spec(
    'usage',
    'Use 1 to 64 letters, digits, dots, dashes or underscores; do not start with a dash.',
  ),
  BAD_CWD: spec('usage', 'Name an existing directory that you may enter.'),
  BAD_ENV: spec('usage', 'Write it as KEY=VALUE.'),
  BAD_PATTERN: spec('usage', 'Give a valid JavaScript regular expression.'),
  BAD_KEY: spec('usage', 'See `triterm send --help` for the key names.'),
  BAD_CONFIG: spec(
    'usage',
    'Correct it; `triterm config validate` tells all that is wrong, `triterm config path` where the file is.',
  ),
  NOT_A_TERMINAL: spec(
    'usage',
    'Run it in a terminal, or use `triterm new -d`, `send`, `capture` and `run` in scripts.',
  ),
  NESTED_LOOP: spec('conflict', 'Attach from a terminal outside this session.'),

  SESSION_NOT_FOUND: spec('not-found', 'See `triterm ls` for the sessions there are.'),
  CLIENT_NOT_FOUND: spec('not-found', 'See `triterm sessions show NAME` for the clients there are.'),
  COMMAND_NOT_FOUND: spec('not-found', 'Check the spelling and your PATH.'),
  NO_SCREEN: spec('not-found', 'Nothing was kept of this screen.'),

  NAME_TAKEN: spec('conflict', 'Choose another name, or attach to the session that has it.'),
  AMBIGUOUS_SESSION: spec('conflict', 'Give more of the id, or the name.'),
  NO_SESSION_CHOSEN: spec('conflict', 'Name the session; `triterm ls` lists them.'),
  SESSION_EXITED: spec('conflict', 'It has ended; `triterm capture` still shows its last screen.'),
  SESSION_LOST: spec('conflict', '`triterm attach --create NAME` starts it anew below its old scrollback.'),
  SESSION_RUNNING: spec(
    'conflict',
    'Attach to it; `triterm attach --create NAME` starts one anew that has ended.',
  ),
  NOT_AT_PROMPT: spec('conflict', 'Wait until the shell is at its prompt: `triterm wait NAME --command`.'),
  NO_SHELL_INTEGRATION: spec('conflict', 'The session must run bash, zsh or fish started by triterm.'),
  STALE_REVISION: spec('conflict', 'Somebody else changed it; read it again and repeat.', true),
  OUTCOME_UNKNOWN: spec('unavailable', 'It may have happened; look before you repeat it.', true),

  PERMISSION_DENIED: spec('denied', 'Check the owner and mode of the path.'),
  UNSAFE_PATH: spec(
    'denied',
    'The path must belong to you, be no symlink and have no rights for others; `triterm doctor` tells how to mend it.',
  ),
  READ_ONLY: spec('denied', 'Attach without --read-only to type.'),
  HAND_OVER_REFUSED: spec('denied', 'Ask for it: `triterm sessions request SESSION`.'),
  TOKEN_REQUIRED: spec(
    'denied',
    'Set TRITERM_TOKEN, or keep the token in a context: `triterm context add --help`.',
  ),
  TOKEN_REFUSED: spec('denied', 'Ask whoever runs the server for a new one: `triterm token create`.'),
  TOKEN_REVOKED: spec('denied', 'It was revoked; ask whoever runs the server for a new one.'),
  TOKEN_EXPIRED: spec('denied', 'Ask whoever runs the server for a new one: `triterm token create`.'),
  SCOPE_REFUSED: spec(
    'denied',
    'It takes a token of a higher scope; `triterm token create --scope` makes one.',
  ),
  NOT_REMOTELY: spec('denied', "Run it on the server's own host, as the account that runs the server."),
  ORIGIN_REFUSED: spec(
    'denied',
    'Name the origin or host in `allowedOrigins` or `allowedHosts` of the server.',
  ),
  TLS_REQUIRED: spec('denied', 'Use a wss:// address; plain text is spoken on the loopback interface only.'),
  CERTIFICATE_REFUSED: spec(
    'denied',
    'Name the authority that signed it with --ca in the context, or with TRITERM_CA; `triterm context add --help`.',
  ),
  TOKEN_NOT_FOUND: spec('not-found', 'See `triterm token ls` for the tokens there are.'),
  CONTEXT_NOT_FOUND: spec('not-found', 'See `triterm context ls` for the contexts there are.'),

  DAEMON_UNREACHABLE: spec(
    'unavailable',
    'Start it with `triterm daemon start`; `triterm doctor` tells what is wrong.',
    true,
  ),
  DAEMON_NOT_RESPONDING: spec(
    'unavailable',
    '`triterm daemon restart --force` replaces a daemon that hangs; sessions are kept.',
    true,
  ),
  DAEMON_STOPPED: spec('unavailable', 'It was stopped on purpose; `triterm daemon start` starts it again.'),
  DAEMON_START_FAILED: spec('unavailable', 'See `triterm daemon logs`.'),
  PTY_HOST_UNAVAILABLE: spec(
    'unavailable',
    'See `triterm daemon logs`; other sessions are not concerned.',
    true,
  ),
  NO_SERVICE_MANAGER: spec(
    'unavailable',
    'Nothing is lost: any command starts the daemon when it is needed, and sessions outlive it; docs/service.md says what else keeps it.',
  ),
  SERVICE_FAILED: spec('unavailable', 'See `triterm service status` and `journalctl --user -u tritermd`.'),
  CONNECTION_LOST: spec('unavailable', 'Try again.', true),
  SHUTTING_DOWN: spec('unavailable', 'Try again in a moment.', true),

  TOO_MANY_SESSIONS: spec('limit', 'Kill sessions that you no longer need, or raise `maxSessions`.'),
  TOO_MANY_CLIENTS: spec('limit', 'Detach clients that you no longer need, or raise `maxClients`.'),
  TOO_MANY_CONNECTIONS: spec(
    'limit',
    'Close connections that you no longer need, or raise `maxConnectionsPerUser` or `maxConnections`.',
    true,
  ),
  TOO_MANY_HANDSHAKES: spec('limit', 'Connect less often; wait a second and try again.', true),
  TOO_LARGE: spec('limit', 'Send less at once.'),
  TOO_MANY_WAITING: spec('limit', 'Wait until the earlier ones have finished.', true),

  PROTOCOL_MISMATCH: spec(
    'protocol',
    'Run `triterm daemon restart` so that client and daemon are of the same release; sessions are kept.',
  ),
  BAD_FRAME: spec('protocol', 'The peer does not speak the triterm protocol.'),
  BAD_MESSAGE: spec(
    'protocol',
    'Client and daemon disagree about a message; `triterm doctor` shows their versions.',
  ),
  UNKNOWN_METHOD: spec(
    'protocol',
    'Update the older of client and daemon; `triterm doctor` shows their versions.',
  ),

  STORE_UNAVAILABLE: spec('storage', 'See `triterm daemon logs`; running sessions go on.', true),
  STORE_CORRUPT: spec('storage', 'The database was moved aside and a new one begun; nothing was deleted.'),
  STORE_TOO_NEW: spec('storage', 'A newer triterm has changed the database; update this one.'),
  DISK_FULL: spec('storage', 'Free some space; running sessions go on.', true),
  READ_ONLY_STATE: spec('storage', 'Make the state directory writable, or set TRITERM_STATE_DIR.'),
  STORE_REFUSED: spec(
    'storage',
    'Check `DATABASE_URL`: host, user, password and database; `triterm db status` shows what was tried.',
  ),
  STORE_NOT_PRIMARY: spec(
    'storage',
    'Point `DATABASE_URL` at the primary; a read replica cannot take writes.',
  ),
  STORE_NOT_EMPTY: spec('conflict', 'Import into an empty database, or give --replace.'),
  DUMP_DAMAGED: spec('storage', 'Nothing was imported; make the dump again with `triterm db export`.'),
  FILE_NOT_FOUND: spec('not-found', 'Check the path; a relative one counts from where the command runs.'),
  FILE_EXISTS: spec('conflict', 'Nothing was overwritten; name another file.'),
  NO_REDIS: spec(
    'conflict',
    'Name a Redis by `REDIS_HOST` or the configuration, and restart the daemon; without one there is nothing to drill here.',
  ),
  DRILL_NOT_FOUND: spec('not-found', 'See `triterm drill ls` for the drills there are.'),
  DRILL_NOT_RUN: spec('unavailable', 'Nothing was changed; `triterm doctor` tells what is wrong.'),
  DRILL_RUNNING: spec(
    'conflict',
    'Wait until the other drill has ended; it ends by itself within two minutes.',
    true,
  ),
  CACHE_UNAVAILABLE: spec(
    'unavailable',
    'See `triterm redis status`; everything goes on with the database alone.',
    true,
  ),
  CACHE_REFUSED: spec(
    'unavailable',
    'Correct the Redis settings or server that the message names; everything goes on with the database alone.',
  ),
  SERVER_UNREACHABLE: spec(
    'unavailable',
    'See `triterm servers ls`; once its server is back, the session goes on. `triterm sessions recreate` starts a fresh one elsewhere.',
    true,
  ),
  SERVER_DRAINING: spec(
    'unavailable',
    'Make the session on another server; `triterm servers ls` lists them, `triterm daemon drain --undo` ends it.',
    true,
  ),
  LEASE_LOST: spec(
    'unavailable',
    'This server has lost its lease and takes it anew as soon as the database answers; running sessions go on.',
    true,
  ),
  OWNERSHIP_UNVERIFIED: spec(
    'unavailable',
    'The session may have been made anew elsewhere meanwhile; attach by its id if you mean the one on this server.',
    true,
  ),
  OWNER_ALIVE: spec(
    'conflict',
    'Attach to the session; if you are sure that its host is gone for good, give --force.',
  ),
  SESSION_MOVED: spec('conflict', 'Another server owns the session now; try again.', true),
  SERVER_ID_TAKEN: spec(
    'conflict',
    'Give each server a `SERVER_ID` of its own, or wait until the lease of the other one has run out.',
    true,
  ),
  LOCK_TIMEOUT: spec('timeout', 'See `triterm locks ls` for who holds it, and try again.', true),
  ABORTED: spec('timeout', 'It was given up on request; nothing was changed.'),

  TIMEOUT: spec('timeout', 'Try again; where the command has --timeout, raise it.', true),
  INTERNAL: spec('internal', 'Please report it with the output of `triterm doctor`.'),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERROR_CATALOG;

/** Whether a string from the wire is a code of this release; a newer peer may send one that we do not know. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, value);
}
