import { badSetting, environmentName, readConfigFile } from './config-file.ts';
import type { Paths } from './paths.ts';

/** The settings that a client follows. `schema.ts` takes their defaults from here. */
export interface ClientSettings {
  /** Such as `C-\\`; the attach loop parses it. */
  readonly detachKey: string;
  /** Empty for none. */
  readonly switchKey: string;
  /** Scrollback lines printed before the screen. */
  readonly historyLines: number;
}

export const CLIENT_DEFAULTS: ClientSettings = { detachKey: 'C-\\', switchKey: 'C-]', historyLines: 500 };

export const MAX_HISTORY_LINES = 100_000;

/**
 * Reads a client's settings from the configuration file, overridden by the environment. Without the schema, because
 * a client starts in the time that loading it takes: what is not for clients is left to the daemon. Throws BAD_CONFIG.
 */
export function readClientSettings(
  paths: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
): ClientSettings {
  const file = readConfigFile(paths.configFile);
  const find = (setting: keyof ClientSettings): { value: unknown; source: string } | undefined => {
    const variable = environmentName(setting);
    if (env[variable] !== undefined) return { value: env[variable], source: variable };
    if (file[setting] !== undefined) return { value: file[setting], source: paths.configFile };
    return undefined;
  };
  const text = (setting: 'detachKey' | 'switchKey'): string => {
    const found = find(setting);
    if (found === undefined) return CLIENT_DEFAULTS[setting];
    if (typeof found.value !== 'string') throw badSetting(found.source, setting, 'must be a string');
    return found.value;
  };
  const historyLines = (): number => {
    const found = find('historyLines');
    if (found === undefined) return CLIENT_DEFAULTS.historyLines;
    const { value, source } = found;
    const lines =
      typeof value === 'string' && /^\d+$/.test(value) && source !== paths.configFile ? Number(value) : value;
    if (typeof lines !== 'number' || !Number.isInteger(lines) || lines < 0 || lines > MAX_HISTORY_LINES)
      throw badSetting(source, 'historyLines', `must be a whole number from 0 to ${MAX_HISTORY_LINES}`);
    return lines;
  };
  return { detachKey: text('detachKey'), switchKey: text('switchKey'), historyLines: historyLines() };
}
