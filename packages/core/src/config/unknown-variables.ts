import { closest } from '../domain/index.ts';
import { environmentName } from './config-file.ts';
import type { ConfigProblem } from './resolve-config.ts';
import { SETTINGS } from './setting-text.ts';

/** Variables of ours that are no settings. */
const OTHER_VARIABLES = [
  'TRITERM_STATE_DIR',
  'TRITERM_RUNTIME_DIR',
  'TRITERM_CONFIG',
  // Where systemd starts a pty-host for each connection; its unit sets it.
  'TRITERM_PTY_HOST_SOCKET',
  // Which server a client asks, and how it is let in.
  'TRITERM_HOST',
  'TRITERM_TOKEN',
  'TRITERM_TOKEN_FILE',
  'TRITERM_CA',
  // What the shells of a session have.
  'TRITERM_SESSION',
  'TRITERM_SESSION_NAME',
  'TRITERM_ENVIRONMENT_FILE',
  'TRITERM_ENVIRONMENT_STAMP',
  'TRITERM_USER_ENV',
  'TRITERM_USER_HISTFILE',
  'TRITERM_USER_ZDOTDIR',
];

/** Variables that look like settings, and are none: nobody reads them. Not the file's matter, and no reason not to start. */
export function unknownVariables(env: NodeJS.ProcessEnv): readonly ConfigProblem[] {
  const known = [...SETTINGS.map(environmentName), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter(name => name.startsWith('TRITERM_') && !known.includes(name))
    .sort()
    .map(source => {
      const near = closest(source, known);
      const advice = near === undefined ? '' : `; did you mean ${near}?`;
      return { source, setting: null, reason: `unknown variable, which has no effect${advice}` };
    });
}
