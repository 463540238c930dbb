import { TermError } from '@triterm/core/errors';
import { HAND_OVER_VARIABLES } from './shell-integration.ts';

/** Linux: MAX_ARG_STRLEN, with its NUL. */
const MAX_STRING_BYTES = 128 * 1024;
/** Linux gives argv and environment together a quarter of the stack limit, 2 MiB as a rule; some is left for the program. */
const MAX_TOTAL_BYTES = 1536 * 1024;

/** What describes the terminal, multiplexer or program that the client runs in, and is untrue inside a session. */
const DROPPED_NAMES: ReadonlySet<string> = new Set([
  ...[
    'TMUX',
    'TMUX_PANE',
    'STY',
    'TERMCAP',
    'LINES',
    'COLUMNS',
    'WINDOWID',
    'TERM_SESSION_ID',
    'TERM_FEATURES',
  ],
  ...[
    'VTE_VERSION',
    'LC_TERMINAL',
    'LC_TERMINAL_VERSION',
    'TILIX_ID',
    'TERMINATOR_UUID',
    'TERMINAL_EMULATOR',
  ],
  ...['WT_SESSION', 'WT_PROFILE_ID', 'INSIDE_EMACS', 'NVIM', 'NVIM_LISTEN_ADDRESS', 'VIM_TERMINAL'],
  // Of the shell that started the client, not of the one that is started.
  ...['SHLVL', 'OLDPWD', 'PWD', '_', 'COLORTERM', 'TERM'],
  ...['TRITERM_SESSION', 'TRITERM_SESSION_NAME', 'TRITERM_SHELL_INTEGRATION', 'TRITERM_ENVIRONMENT_FILE'],
  // Of who was asked to make the session: inside it the one that has it is meant, and whatever runs there needs no token of ours.
  ...['TRITERM_HOST', 'TRITERM_TOKEN', 'TRITERM_TOKEN_FILE', 'TRITERM_CA'],
  ...HAND_OVER_VARIABLES,
]);
const DROPPED_PREFIXES =
  /^(?:ZELLIJ|TERM_PROGRAM|KITTY_|ITERM_|WEZTERM_|ALACRITTY_|GHOSTTY_|KONSOLE_|GNOME_TERMINAL_|VSCODE_|DTACH_|ABDUCO_)/;

/** What npm adds for the scripts that it runs. */
const NPM_NAMES: ReadonlySet<string> = new Set(['INIT_CWD', 'NODE', 'NODE_OPTIONS', 'COLOR']);
const NPM_PREFIXES = /^npm_(?!config_)/;
const NPM_CONFIG =
  /^npm_config_(?:user_agent|(?:local|global)_prefix|prefix|cache|node_gyp|noproxy|userconfig|globalconfig|init_module|npm_version)$/;

export interface SessionEnvironmentOptions {
  readonly client: Readonly<Record<string, string | undefined>>;
  /** `--env`: set last, unfiltered. */
  readonly extra: Readonly<Record<string, string>>;
  /** Further names to drop. */
  readonly drop: readonly string[];
  readonly session: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly term: string;
  /** Absolute path of the user's shell. */
  readonly shell: string;
  readonly cwd: string;
  readonly environmentFile: string;
  readonly environmentStamp: string;
  /** SSH_AUTH_SOCK; undefined leaves it unset. */
  readonly agentSocket: string | undefined;
}

/**
 * The environment of a new session: the client's, without what describes the client's own terminal, multiplexer, npm
 * script or session; then what is true inside. Names that no environment can carry are left out. Throws BAD_ENV for a bad
 * name or value in `extra`. Pure.
 */
export function sessionEnvironment(options: SessionEnvironmentOptions): Record<string, string> {
  const env: Record<string, string> = {};
  const underNpm = options.client.npm_lifecycle_event !== undefined;
  const dropped = new Set(options.drop);
  for (const [name, value] of Object.entries(options.client)) {
    if (value === undefined || !isVariable(name, value) || dropped.has(name)) continue;
    if (DROPPED_NAMES.has(name) || DROPPED_PREFIXES.test(name)) continue;
    if (underNpm && (NPM_NAMES.has(name) || NPM_PREFIXES.test(name) || NPM_CONFIG.test(name))) continue;
    env[name] = value;
  }
  if (underNpm && env.PATH !== undefined) env.PATH = withoutNpmPath(env.PATH);
  if (options.agentSocket === undefined) delete env.SSH_AUTH_SOCK;
  else if (!dropped.has('SSH_AUTH_SOCK')) env.SSH_AUTH_SOCK = options.agentSocket;

  env.TERM = options.term;
  env.COLORTERM = 'truecolor';
  env.TERM_PROGRAM = 'triterm';
  env.TERM_PROGRAM_VERSION = options.version;
  env.TRITERM_SESSION = options.session.id;
  env.TRITERM_SESSION_NAME = options.session.name;
  env.TRITERM_ENVIRONMENT_FILE = options.environmentFile;
  env.TRITERM_ENVIRONMENT_STAMP = options.environmentStamp;
  env.SHELL = options.shell;
  env.PWD = options.cwd;

  for (const [name, value] of Object.entries(options.extra)) {
    if (!isVariable(name, value)) {
      throw new TermError(
        'BAD_ENV',
        `${JSON.stringify(name.slice(0, 64))} is not a variable that can be set`,
      );
    }
    env[name] = value;
  }
  return env;
}

/** Refuses what execve(2) would refuse. Throws TOO_LARGE. */
export function checkSize(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  let total = 0;
  const strings = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  for (const string of strings) {
    const bytes = Buffer.byteLength(string) + 1;
    if (bytes > MAX_STRING_BYTES) {
      throw new TermError(
        'TOO_LARGE',
        `an argument or variable has ${bytes - 1} bytes; ${MAX_STRING_BYTES - 1} is the limit`,
      );
    }
    total += bytes + 8;
  }
  if (total > MAX_TOTAL_BYTES) {
    throw new TermError(
      'TOO_LARGE',
      `arguments and environment take ${total} bytes; ${MAX_TOTAL_BYTES} is the limit`,
    );
  }
}

function isVariable(name: string, value: string): boolean {
  return name !== '' && !/[=\0]/.test(name) && !value.includes('\0');
}

/** npm puts the `node_modules/.bin` of every directory above the package, then its own helper, before PATH. */
function withoutNpmPath(path: string): string {
  const entries = path.split(':');
  const helper = entries.findIndex(entry => entry.endsWith('/node-gyp-bin'));
  const first =
    helper === -1 ? entries.findIndex(entry => !entry.endsWith('/node_modules/.bin')) : helper + 1;
  if (!entries.slice(0, Math.max(helper, 0)).every(entry => entry.endsWith('/node_modules/.bin')))
    return path;
  return first < 0 ? path : entries.slice(first).join(':');
}
