import { isDeepStrictEqual } from 'node:util';
import { TermError } from '../errors/index.ts';
import { readConfigFile } from './config-file.ts';
import { databaseSettings } from './database-settings.ts';
import { metricsSettings } from './metrics-settings.ts';
import { NETWORK_SHAPE } from './network-schema.ts';
import { networkSettings } from './network-settings.ts';
import type { Paths } from './paths.ts';
import type { Settings } from './redis-overrides.ts';
import { redisSettings } from './redis-settings.ts';
import {
  type ConfigProblem,
  type ResolvedSetting,
  resolveSettings,
  variableProblems,
} from './resolve-config.ts';
import { type Config, configSchema } from './schema.ts';
import { readableSecrets } from './secret-settings.ts';
import { SETTINGS } from './setting-text.ts';
import { readTlsFiles } from './tls-pair.ts';
import { unknownVariables } from './unknown-variables.ts';

export interface ConfigReport {
  /** A daemon would not start, or would not with another environment. */
  readonly problems: readonly ConfigProblem[];
  /** It would, and somebody may have meant something else. */
  readonly warnings: readonly ConfigProblem[];
}

type ConfigPaths = Pick<Paths, 'configFile' | 'database' | 'runDir' | 'socket'>;

/**
 * Everything that is wrong with the configuration file and the variables, at once. Reads the files that settings name; connects to
 * nothing. `agreements` are asked beside those of the daemon.
 */
export function checkConfig(
  paths: ConfigPaths,
  env: NodeJS.ProcessEnv,
  agreements: readonly Agreement[] = [],
): ConfigReport {
  const warnings = unknownVariables(env);
  let settings: Settings;
  try {
    settings = readConfigFile(paths.configFile);
  } catch (thrown) {
    const fault = problemOf(thrown, () => paths.configFile);
    return { problems: [fault, ...variableProblems(env)], warnings };
  }
  return {
    problems: problemsIn(judge(settings, paths, env, agreements)),
    warnings: [
      ...warnings,
      ...readableSecrets(paths).map(setting => ({
        source: paths.configFile,
        setting,
        reason: `holds a secret, and other users can read the file; chmod 600 '${paths.configFile}'`,
      })),
    ],
  };
}

/** Settings that have to go together. */
export interface Agreement {
  readonly settings: readonly string[];
  /** Throws BAD_CONFIG when they do not. */
  check(config: Config, paths: ConfigPaths): unknown;
}

/** What the daemon makes of settings that belong together. */
const AGREEMENTS: readonly Agreement[] = [
  { settings: namesWith('database'), check: databaseSettings },
  { settings: namesWith('redis'), check: redisSettings },
  {
    settings: Object.keys(NETWORK_SHAPE),
    check: config => {
      const { listen } = networkSettings(config);
      if (listen?.tls !== undefined) readTlsFiles(listen.tls);
    },
  },
  { settings: namesWith('metrics'), check: metricsSettings },
];

function namesWith(beginning: string): readonly string[] {
  return SETTINGS.filter(name => name.startsWith(beginning));
}

/** What settings that stand in the file, or are to stand there, amount to together with the variables. */
interface Judgement {
  /** Of each by itself. */
  readonly values: readonly ConfigProblem[];
  /** What is broken, and by what; undefined where a value of it is bad, since what follows from that is no problem of its own. */
  readonly broken: ReadonlyMap<Agreement, ConfigProblem | undefined>;
}

function judge(
  inFile: Settings,
  paths: ConfigPaths,
  env: NodeJS.ProcessEnv,
  agreements: readonly Agreement[],
): Judgement {
  const { settings, problems, overridden } = resolveSettings(inFile, paths.configFile, env);
  const bad = new Set(problems.map(({ setting }) => setting));
  const good = settings.filter(({ setting }) => !bad.has(setting));
  const config = configSchema.parse(Object.fromEntries(good.map(({ setting, value }) => [setting, value])));
  const broken = new Map<Agreement, ConfigProblem | undefined>();
  for (const agreement of [...AGREEMENTS, ...agreements]) {
    if (agreement.settings.some(setting => bad.has(setting))) {
      broken.set(agreement, undefined);
      continue;
    }
    try {
      agreement.check(config, paths);
    } catch (thrown) {
      const source = (setting: string | null) => sourceOf(setting, settings) ?? paths.configFile;
      broken.set(agreement, problemOf(thrown, source));
    }
  }
  return { values: [...problems, ...overridden], broken };
}

function problemsIn({ values, broken }: Judgement): readonly ConfigProblem[] {
  return [...values, ...[...broken.values()].filter(problem => problem !== undefined)];
}

/** A change of the file that somebody wishes. */
export interface WishedChange {
  readonly before: Settings;
  readonly after: Settings;
  /** The settings that are changed. */
  readonly names: readonly string[];
}

/**
 * What a change would break, and what is wrong after it and was before. One that mends a part of a damaged configuration breaks
 * nothing, although the whole is not in order yet.
 */
export function checkChange(
  { before, after, names }: WishedChange,
  paths: ConfigPaths,
  env: NodeJS.ProcessEnv,
  agreements: readonly Agreement[] = [],
): { readonly broken: readonly ConfigProblem[]; readonly left: readonly ConfigProblem[] } {
  const old = judge(before, paths, env, agreements);
  const changed = judge(after, paths, env, agreements);
  const isNew = (problem: ConfigProblem) =>
    !old.values.some(known => isDeepStrictEqual(known, problem)) ||
    (problem.source === paths.configFile && problem.setting !== null && names.includes(problem.setting));
  const broken = [
    ...changed.values.filter(isNew),
    ...[...changed.broken].flatMap(([agreement, problem]) =>
      problem === undefined || old.broken.has(agreement) ? [] : [problem],
    ),
  ];
  return { broken, left: problemsIn(changed).filter(problem => !broken.includes(problem)) };
}

/** Undefined for what is set nowhere: it is missing in the file. */
function sourceOf(setting: string | null, settings: readonly ResolvedSetting[]): string | undefined {
  return settings.find(resolved => resolved.setting === setting)?.origin.name ?? undefined;
}

function problemOf(thrown: unknown, source: (setting: string | null) => string): ConfigProblem {
  const error = TermError.from(thrown);
  const { setting, reason } = error.details ?? {};
  const name = typeof setting === 'string' ? setting : null;
  return { source: source(name), setting: name, reason: typeof reason === 'string' ? reason : error.message };
}
