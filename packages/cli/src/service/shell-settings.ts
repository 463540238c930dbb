import { OPERATOR_VARIABLES } from '@triterm/core/config';
import { daemonEnvironment } from '../client/daemon-environment.ts';

/** Settings of the daemon that a unit says itself. */
const IN_THE_UNIT: ReadonlySet<string> = new Set([
  'TRITERM_STATE_DIR',
  'TRITERM_RUNTIME_DIR',
  'TRITERM_CONFIG',
]);
const OPERATORS: ReadonlySet<string> = new Set(Object.values(OPERATOR_VARIABLES));

/**
 * Names of variables that a daemon started from this shell would take its settings from, and one that a service manager starts
 * does not see.
 */
export function shellSettings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(daemonEnvironment(env))
    .filter(name => OPERATORS.has(name) || name.startsWith('TRITERM_'))
    .filter(name => !IN_THE_UNIT.has(name) && (env[name] ?? '') !== '')
    .sort();
}
