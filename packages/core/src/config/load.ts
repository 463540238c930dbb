import * as z from 'zod';
import { closest } from '../domain/index.ts';
import { badSetting, environmentName, readConfigFile } from './config-file.ts';
import type { Paths } from './paths.ts';
import { type Config, configSchema } from './schema.ts';

export { type Config, configSchema } from './schema.ts';

/**
 * The shells of a session get their integration's directory by a variable that is called as the setting's. A daemon started
 * from such a shell inherits it.
 */
const isShellDirectory = (variable: string, text: string): boolean =>
  variable === 'TRITERM_SHELL_INTEGRATION' && text.startsWith('/');

/** Settings given on a command line, already of the right type. */
export type ConfigFlags = Partial<Record<keyof Config, unknown>>;

/**
 * The configuration: file, overridden by `TRITERM_<SETTING>` variables, overridden by flags. Throws BAD_CONFIG that names
 * the source, the setting and the reason.
 */
export function loadConfig(
  paths: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
  flags: ConfigFlags = {},
): Config {
  const settings: Record<string, unknown> = readConfigFile(paths.configFile);
  const sources = new Map<string, string>();
  for (const [setting, schema] of Object.entries(configSchema.shape)) {
    const variable = environmentName(setting);
    const text = env[variable];
    if (text !== undefined && !isShellDirectory(variable, text)) {
      settings[setting] = parseVariable(schema, text);
      sources.set(setting, variable);
    }
    const flag = flags[setting as keyof Config];
    if (flag !== undefined) {
      settings[setting] = flag;
      sources.set(setting, 'command line');
    }
  }
  const parsed = configSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw badSetting(paths.configFile, issue.keys.join(', '), `unknown setting${suggestion(issue.keys)}`);
  const setting = String(issue?.path[0] ?? '');
  throw badSetting(sources.get(setting) ?? paths.configFile, setting, issue?.message ?? 'is not valid');
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
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : text;
  }
  if (schema instanceof z.ZodArray) return text === '' ? [] : text.split(',').map(item => item.trim());
  return text;
}

function suggestion(keys: readonly string[]): string {
  const known = Object.keys(configSchema.shape);
  const near = keys.map(key => closest(key, known)).find(name => name !== undefined);
  return near === undefined ? '' : `; did you mean ${near}?`;
}
