import { type Config, parseSettingText } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import type { CommandContext } from '../definition.ts';
import { changeSettings } from './change-settings.ts';
import { findSetting } from './find-setting.ts';
import { FROM_INPUT, giveValue } from './give-value.ts';

/** Sets settings in the file; `words` are names and values in turn. Rejects with USAGE and BAD_CONFIG. */
export async function setSettings(words: readonly string[], context: CommandContext): Promise<void> {
  const pairs = pairsOf(words);
  const values = new Map<keyof Config, unknown>();
  for (const { setting, text } of pairs)
    values.set(setting, parseSettingText(setting, await giveValue(setting, text, context)));
  await changeSettings(context, [...values.keys()], inFile => ({ ...inFile, ...Object.fromEntries(values) }));
}

interface Pair {
  readonly setting: keyof Config;
  readonly text: string | undefined;
}

function pairsOf(words: readonly string[]): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const setting = findSetting(words[at] ?? '');
    if (pairs.some(pair => pair.setting === setting))
      throw new TermError('USAGE', `${setting} is given twice.`);
    pairs.push({ setting, text: words[at + 1] });
  }
  if (pairs.filter(({ text }) => text === undefined || text === FROM_INPUT).length > 1)
    throw new TermError('USAGE', 'Standard input holds one value only.', {
      hint: 'Set the others in lines of their own.',
    });
  return pairs;
}
