import { type Config, RELOAD, type TakenUp } from '@triterm/core/config/load';

const SENTENCES: Readonly<Record<TakenUp, string>> = {
  reload: 'A daemon that runs takes it up with `triterm daemon reload`.',
  restart: 'A daemon that runs takes it up with `triterm daemon restart`, which keeps every session.',
  client: 'Whoever attaches from now on has it.',
};

/** What a person has to do for changes of settings to count; a restart reloads too. */
export function takeUpLines(settings: readonly (keyof Config)[]): readonly string[] {
  const ways = new Set(settings.map(setting => RELOAD[setting]));
  if (ways.has('restart')) ways.delete('reload');
  return [...ways].map(way => SENTENCES[way]);
}

/** The same of one setting, in a few words. */
export const TAKEN_UP: Readonly<Record<TakenUp, string>> = {
  reload: 'with `triterm daemon reload`',
  restart: 'with `triterm daemon restart`',
  client: 'by each client, when it attaches',
};
