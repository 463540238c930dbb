import type { Paths } from '@triterm/core/config';
import {
  type Config,
  type ConfigFlags,
  databaseSettings,
  loadConfig,
  metricsSettings,
  networkSettings,
  redisSettings,
} from '@triterm/core/config/load';

/**
 * The configuration as a daemon would start with it now, in whole: settings that do not go together are found here as well, also where
 * a running daemon would not take them up. Throws BAD_CONFIG.
 */
export function readWholeConfig(paths: Paths, env: NodeJS.ProcessEnv, flags: ConfigFlags): Config {
  const config = loadConfig(paths, env, flags);
  networkSettings(config);
  databaseSettings(config, paths);
  redisSettings(config);
  metricsSettings(config, paths);
  return config;
}
