import * as z from 'zod';
import { allowedText, allowedWords } from './allowed-text.ts';
import { environmentName } from './config-file.ts';
import { operatorVariable } from './operator-variables.ts';
import { RELOAD, type TakenUp } from './reload.ts';
import { type Config, configSchema } from './schema.ts';
import { SETTINGS } from './setting-text.ts';

/** A setting as its documentation has it. Texts mark code by backticks. */
export interface SettingDescription {
  readonly setting: keyof Config;
  readonly description: string;
  /** What it may be, such as `a whole number from 1 to 5`. */
  readonly allowed: string;
  /** Those of its values that are words: `true`, `null`, members of an enumeration. */
  readonly words: readonly string[];
  readonly default: unknown;
  /** The variables that set it, the one that wins first. */
  readonly variables: readonly string[];
  readonly reload: TakenUp;
}

/** All settings, from the schema. */
export function describeSettings(): readonly SettingDescription[] {
  const { properties = {} } = z.toJSONSchema(configSchema);
  return SETTINGS.map(setting => {
    const schema = properties[setting];
    if (typeof schema !== 'object') throw new Error(`the schema has no ${setting}`);
    return {
      setting,
      description: schema.description ?? '',
      allowed: allowedText(schema),
      words: allowedWords(schema),
      default: schema.default,
      variables: [environmentName(setting), operatorVariable(setting)].filter(name => name !== undefined),
      reload: RELOAD[setting],
    };
  });
}
