import * as z from 'zod';
import { closest } from '../domain/index.ts';
import { badSetting, environmentName, readConfigFile } from './config-file.ts';
import { operatorVariable } from './operator-variables.ts';
import type { Paths } from './paths.ts';
import { type Settings, withoutOtherRedis } from './redis-overrides.ts';
import { type Config, configSchema } from './schema.ts';

export { type DatabaseSettings, databaseSettings } from './database-settings.ts';
export type { HostPort } from './host-port.ts';
export { type MetricsSettings, metricsSettings } from './metrics-settings.ts';
export { type ListenAddress, listenUrl, type NetworkSettings, networkSettings } from './network-settings.ts';
export { operatorVariable } from './operator-variables.ts';
export { type RedisSettings, redisSettings } from './redis-settings.ts';
export { type Config, configSchema } from './schema.ts';
export { readableSecrets } from './secret-settings.ts';

/**
 * The shells of a session get their integration's directory by a variable that is called as the setting's. A daemon started
 * from such a shell inherits it.
 */
const isShellDirectory = (variable: string, text: string): boolean =>
  variable === 'TRITERM_SHELL_INTEGRATION' && text.startsWith('/');

/** Settings given on a command line, already of the right type. */
export type ConfigFlags = Partial<Record<keyof Config, unknown>>;

/**
 * The configuration: file, overridden by the operator's variables (`REDIS_HOST`), overridden by `TRITERM_<SETTING>` ones,
 * overridden by flags. What names a Redis in one of them replaces what named another one before. Throws BAD_CONFIG that
 * names the source, the setting and the reason.
 */
export function loadConfig(
  paths: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
  flags: ConfigFlags = {},
): Config {
  let settings: Settings = readConfigFile(paths.configFile);
  const sources = new Map<string, string>();
  const override = (layer: Iterable<Override>): void => {
    const overrides = [...layer];
    const values = Object.fromEntries(overrides.map(({ setting, value }) => [setting, value]));
    for (const { setting, source } of overrides) sources.set(setting, source);
    settings = { ...withoutOtherRedis(settings, values), ...values };
  };
  override(fromVariables(env, setting => nonEmpty(env, operatorVariable(setting))));
  override(fromVariables(env, environmentName));
  override(
    Object.entries(flags)
      .filter(([, value]) => value !== undefined)
      .map(([setting, value]) => ({ setting, value, source: 'command line' })),
  );
  const parsed = configSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw badSetting(paths.configFile, issue.keys.join(', '), `unknown setting${suggestion(issue.keys)}`);
  const setting = String(issue?.path[0] ?? '');
  throw badSetting(sources.get(setting) ?? paths.configFile, setting, issue?.message ?? 'is not valid');
}

interface Override {
  readonly setting: string;
  readonly value: unknown;
  readonly source: string;
}

function* fromVariables(
  env: NodeJS.ProcessEnv,
  variableOf: (setting: string) => string | undefined,
): Generator<Override> {
  for (const [setting, schema] of Object.entries(configSchema.shape)) {
    const variable = variableOf(setting);
    const text = variable === undefined ? undefined : env[variable];
    if (variable === undefined || text === undefined || isShellDirectory(variable, text)) continue;
    yield { setting, value: parseVariable(schema, text), source: variable };
  }
}

function nonEmpty(env: NodeJS.ProcessEnv, variable: string | undefined): string | undefined {
  return variable !== undefined && env[variable] ? variable : undefined;
}

/**
 * A variable's text as the type that the schema wants: numbers and booleans by their JSON form, lists separated by commas, an empty
 * text as null where that is a value. What does not fit stays text, and the schema says what is wrong with it.
 */
function parseVariable(schema: z.core.$ZodType, text: string): unknown {
  if (schema instanceof z.ZodDefault) return parseVariable(schema.def.innerType, text);
  if (schema instanceof z.ZodNullable) {
    return text === '' || text === 'null' ? null : parseVariable(schema.def.innerType, text);
  }
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) {
    if (['true', '1', 'on'].includes(text)) return true;
    return ['false', '0', 'off'].includes(text) ? false : text;
  }
  if (schema instanceof z.ZodArray) return text === '' ? [] : text.split(',').map(item => item.trim());
  return text;
}

function suggestion(keys: readonly string[]): string {
  const known = Object.keys(configSchema.shape);
  const near = keys.map(key => closest(key, known)).find(name => name !== undefined);
  return near === undefined ? '' : `; did you mean ${near}?`;
}
