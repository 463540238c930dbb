import { TermError } from '../errors/index.ts';
import { environmentName } from './config-file.ts';
import { operatorVariable } from './operator-variables.ts';
import type { Config } from './schema.ts';

/**
 * BAD_CONFIG about settings that are each well-formed, and do not go together or lead nowhere. `reason` holds no value of a
 * setting that may carry a password.
 */
export function settingsProblem(setting: keyof Config, reason: string): TermError {
  const variables = [operatorVariable(setting), environmentName(setting)].filter(name => name !== undefined);
  return new TermError('BAD_CONFIG', `${setting} (${variables.join(', ')}): ${reason}`, {
    details: { setting, reason },
    hint: 'Correct it or remove it, in the configuration file or the environment; `triterm config validate` tells all that is wrong.',
  });
}
