import { type Config, isSetting, SETTINGS } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { didYouMean } from '../suggest.ts';

/** Throws USAGE for a name that no setting has. */
export function findSetting(name: string): keyof Config {
  if (isSetting(name)) return name;
  throw new TermError('USAGE', `There is no setting ${JSON.stringify(name)}.${didYouMean(name, SETTINGS)}`, {
    hint: '`triterm config show` lists them all.',
  });
}
