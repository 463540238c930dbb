import {
  badConfig,
  type Config,
  describeSettings,
  isSecretValue,
  type Origin,
  resolveConfig,
  type TakenUp,
} from '@triterm/core/config/load';
import type { CommandContext } from '../definition.ts';

const HIDDEN = '[hidden]';

/** A setting as commands print it: a secret is not in it. */
export interface SettingRecord {
  readonly setting: keyof Config;
  /** `[hidden]` when it is a secret. */
  readonly value: unknown;
  readonly default: unknown;
  readonly origin: Origin;
  readonly description: string;
  /** What it may be, for a person. */
  readonly allowed: string;
  /** The variables that set it, the one that wins first. */
  readonly variables: readonly string[];
  /** Whether the value is hidden. */
  readonly secret: boolean;
  /** Who takes up a change, and when. */
  readonly reload: TakenUp;
}

/** Every setting as a daemon that starts now would have it. Throws BAD_CONFIG when none would start. */
export function settingRecords({
  paths,
  env,
}: Pick<CommandContext, 'paths' | 'env'>): readonly SettingRecord[] {
  const { config, settings, problems } = resolveConfig(paths, env);
  if (config === undefined) throw badConfig(paths.configFile, problems);
  const resolved = new Map(settings.map(entry => [entry.setting, entry]));
  return describeSettings().map(
    ({ setting, description, allowed, default: byDefault, variables, reload }) => {
      const secret = isSecretValue(setting, config[setting]);
      return {
        setting,
        value: secret ? HIDDEN : config[setting],
        default: byDefault,
        origin: resolved.get(setting)?.origin ?? { kind: 'default', name: null },
        description,
        allowed,
        variables,
        secret,
        reload,
      };
    },
  );
}

/** A value as it stands alone: a string as it is, anything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
