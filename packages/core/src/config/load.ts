import { TermError } from '../errors/index.ts';
import type { Paths } from './paths.ts';
import { type ConfigFlags, type ConfigProblem, resolveConfig } from './resolve-config.ts';
import type { Config } from './schema.ts';

export { changeConfigFile, type SettingsChange } from './change-config-file.ts';
export { type Agreement, type ConfigReport, checkChange, checkConfig } from './check-config.ts';
export { type DatabaseSettings, databaseSettings } from './database-settings.ts';
export type { HostPort } from './host-port.ts';
export { type MetricsSettings, metricsSettings } from './metrics-settings.ts';
export { type ListenAddress, listenUrl, type NetworkSettings, networkSettings } from './network-settings.ts';
export { type RedisSettings, redisSettings } from './redis-settings.ts';
export { RELOAD, type TakenUp } from './reload.ts';
export {
  type ConfigFlags,
  type ConfigProblem,
  type Origin,
  type ResolvedSetting,
  resolveConfig,
} from './resolve-config.ts';
export { type Config, configSchema } from './schema.ts';
export { isSecretValue, mayBeSecret, readableSecrets } from './secret-settings.ts';
export { describeSettings, type SettingDescription } from './setting-description.ts';
export { isSetting, parseSettingText, SETTINGS } from './setting-text.ts';
export { readTlsFiles, type TlsFiles, type TlsPair } from './tls-pair.ts';
export { unknownVariables } from './unknown-variables.ts';

/**
 * The configuration: file, overridden by the operator's variables (`REDIS_HOST`), overridden by `TRITERM_<SETTING>` ones,
 * overridden by flags. What names a Redis in one of them replaces what named another one before. Throws BAD_CONFIG that
 * names the source, the setting and the reason of the first problem.
 */
export function loadConfig(
  paths: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
  flags: ConfigFlags = {},
): Config {
  const { config, problems } = resolveConfig(paths, env, flags);
  if (config === undefined) throw badConfig(paths.configFile, problems);
  return config;
}

/** BAD_CONFIG of the first problem, with how many more there are. */
export function badConfig(configFile: string, [first, ...others]: readonly ConfigProblem[]): TermError {
  const { source, setting, reason } = first ?? { source: configFile, setting: null, reason: 'is not valid' };
  const name = setting === null ? '' : `${setting}: `;
  return new TermError('BAD_CONFIG', `${source}: ${name}${reason}`, {
    details: { source, reason, ...(setting === null ? {} : { setting }) },
    ...(others.length === 0
      ? {}
      : { hint: `\`triterm config validate\` tells this and what else is wrong (${others.length} more).` }),
  });
}
