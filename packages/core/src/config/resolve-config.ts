import * as z from 'zod';
import { closest } from '../domain/index.ts';
import { allowedText } from './allowed-text.ts';
import { environmentName, readConfigFile } from './config-file.ts';
import { operatorVariable } from './operator-variables.ts';
import type { Paths } from './paths.ts';
import { type Settings, withoutOtherRedis } from './redis-overrides.ts';
import { type Config, configSchema } from './schema.ts';
import { isSetting, parseSettingText, SETTINGS } from './setting-text.ts';

/** Settings given on a command line, already of the right type. */
export type ConfigFlags = Partial<Record<keyof Config, unknown>>;

/** Where a value comes from: no place, a file's path, a variable's name, or the command line. */
export interface Origin {
  readonly kind: 'default' | 'file' | 'variable' | 'flag';
  readonly name: string | null;
}

export interface ResolvedSetting {
  readonly setting: keyof Config;
  /** As it is given where it is none that the setting may have. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** What is wrong. It holds no value, since that may be a password. */
export interface ConfigProblem {
  /** The file or variable that it is in. */
  readonly source: string;
  /** Null when it is none of one setting. */
  readonly setting: string | null;
  readonly reason: string;
}

export interface Resolution {
  /** Undefined when there are problems. */
  readonly config: Config | undefined;
  /** Every setting as it counts. */
  readonly settings: readonly ResolvedSetting[];
  /** Of values that count, and of settings that do not exist. */
  readonly problems: readonly ConfigProblem[];
  /** Of values that do not count, because another place has the setting too. */
  readonly overridden: readonly ConfigProblem[];
}

interface Given {
  readonly setting: string;
  readonly value: unknown;
  readonly source: string;
  readonly kind: Exclude<Origin['kind'], 'default'>;
}

/** Every setting with its value and where that comes from. Throws BAD_CONFIG for a file that cannot be read or is no JSON object. */
export function resolveConfig(
  { configFile }: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
  flags: ConfigFlags = {},
): Resolution {
  return resolveSettings(readConfigFile(configFile), configFile, env, flags);
}

/** The same with what stands in the file, or is to stand there. Pure. */
export function resolveSettings(
  inFile: Settings,
  configFile: string,
  env: NodeJS.ProcessEnv,
  flags: ConfigFlags = {},
): Resolution {
  const layers: readonly (readonly Given[])[] = [
    Object.entries(inFile).map(([setting, value]) => ({ setting, value, source: configFile, kind: 'file' })),
    fromVariables(env, setting => nonEmpty(env, operatorVariable(setting))),
    fromVariables(env, environmentName),
    Object.entries(flags)
      .filter(([, value]) => value !== undefined)
      .map(([setting, value]) => ({ setting, value, source: 'command line', kind: 'flag' })),
  ];
  let raw: Settings = {};
  const counting = new Map<string, Given>();
  for (const layer of layers) {
    const values = Object.fromEntries(layer.map(({ setting, value }) => [setting, value]));
    raw = { ...withoutOtherRedis(raw, values), ...values };
    for (const given of layer) counting.set(given.setting, given);
  }
  for (const setting of counting.keys()) if (!Object.hasOwn(raw, setting)) counting.delete(setting);
  const parsed = configSchema.safeParse(raw);
  return {
    config: parsed.data,
    settings: SETTINGS.map(setting => resolved(setting, counting.get(setting))),
    problems: oneEach(
      (parsed.error?.issues ?? []).flatMap(issue =>
        problemsOf(issue, setting => counting.get(setting)?.source ?? configFile),
      ),
    ),
    overridden: layers.flat().flatMap(given => (counting.get(given.setting) === given ? [] : judge(given))),
  };
}

function resolved(setting: keyof Config, given: Given | undefined): ResolvedSetting {
  if (given !== undefined)
    return { setting, value: given.value, origin: { kind: given.kind, name: given.source } };
  const value = configSchema.shape[setting].parse(undefined);
  return { setting, value, origin: { kind: 'default', name: null } };
}

/** What is wrong with the values of variables, whatever the file holds. */
export function variableProblems(env: NodeJS.ProcessEnv): readonly ConfigProblem[] {
  const { problems, overridden } = resolveSettings({}, '', env);
  return [...problems, ...overridden];
}

function judge({ setting, value, source }: Given): readonly ConfigProblem[] {
  if (!isSetting(setting) || configSchema.shape[setting].safeParse(value).success) return [];
  return [{ source, setting, reason: refusal(setting) }];
}

function problemsOf(
  issue: z.core.$ZodIssue,
  sourceOf: (setting: string) => string,
): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(setting => ({
      source: sourceOf(setting),
      setting,
      reason: `unknown setting${suggestion(setting)}`,
    }));
  const setting = String(issue.path[0] ?? '');
  return [
    {
      source: sourceOf(setting),
      setting,
      reason: isSetting(setting) ? refusal(setting) : issue.message,
    },
  ];
}

/** A list has a problem for each bad item of it, and they read alike. */
function oneEach(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter(
    ({ setting }, at) => problems.findIndex(problem => problem.setting === setting) === at,
  );
}

/** It does not repeat the value, and says all that is wanted, not only what this one is not. */
function refusal(setting: keyof Config): string {
  return `must be ${allowedText(z.toJSONSchema(configSchema.shape[setting]))}`;
}

function suggestion(name: string): string {
  const near = closest(name, SETTINGS);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function fromVariables(
  env: NodeJS.ProcessEnv,
  variableOf: (setting: string) => string | undefined,
): readonly Given[] {
  return SETTINGS.flatMap(setting => {
    const source = variableOf(setting);
    const text = source === undefined ? undefined : env[source];
    if (source === undefined || text === undefined || isShellDirectory(source, text)) return [];
    return [{ setting, value: parseSettingText(setting, text), source, kind: 'variable' }];
  });
}

function nonEmpty(env: NodeJS.ProcessEnv, variable: string | undefined): string | undefined {
  return variable !== undefined && env[variable] ? variable : undefined;
}

/**
 * The shells of a session get their integration's directory by a variable that is called as the setting's. A daemon started
 * from such a shell inherits it.
 */
function isShellDirectory(variable: string, text: string): boolean {
  return variable === 'TRITERM_SHELL_INTEGRATION' && text.startsWith('/');
}
