import { isDeepStrictEqual } from 'node:util';
import {
  type ConfigProblem,
  changeConfigFile,
  checkChange,
  isSetting,
  type ResolvedSetting,
  resolveConfig,
  type SettingsChange,
} from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import type { CommandContext } from '../definition.ts';
import { KEY_AGREEMENT } from './key-agreement.ts';
import { problemText, warn } from './print-problems.ts';
import { takeUpLines } from './take-up.ts';

/**
 * Changes settings of the file, and tells the person what else has to happen. Rejects with BAD_CONFIG for a change that would break
 * the configuration, which then is as it was; what was wrong before and is so still is told only.
 */
export async function changeSettings(
  { paths, env, stderr }: CommandContext,
  names: readonly string[],
  change: SettingsChange,
): Promise<void> {
  let left: readonly ConfigProblem[] = [];
  let changed: readonly string[] = [];
  await changeConfigFile(paths.configFile, before => {
    const after = change(before);
    const report = checkChange({ before, after, names }, paths, env, [KEY_AGREEMENT]);
    if (report.broken.length > 0) throw refusal(report.broken);
    left = report.left;
    changed = names.filter(name => !isDeepStrictEqual(before[name], after[name]));
    return changed.length === 0 ? before : after;
  });
  warn({ stderr }, left);
  for (const line of [
    ...overrides(names, resolveConfig(paths, env).settings),
    ...takeUpLines(changed.filter(isSetting)),
  ])
    stderr.write(`${line}\n`);
}

function refusal(broken: readonly ConfigProblem[]): TermError {
  const [{ setting } = { setting: null }] = broken;
  const about = setting === null ? '' : ` \`triterm config show ${setting}\` tells all about it.`;
  return new TermError('BAD_CONFIG', broken.map(problemText).join('\n'), {
    details: { problems: broken },
    hint: `Nothing was changed.${about}`,
  });
}

/** What of the file does not count here. */
function overrides(names: readonly string[], settings: readonly ResolvedSetting[]): readonly string[] {
  return settings.flatMap(({ setting, origin }) =>
    names.includes(setting) && origin.kind === 'variable'
      ? [`${origin.name} overrides ${setting} of the file in this environment.`]
      : [],
  );
}
