import type { SessionInfo } from '@triterm/core/domain';
import { plainLine } from '@triterm/core/terminal';
import {
  type ArgumentSpec,
  type CommandSpec,
  type Completion,
  HOST_OPTION,
  longFlag,
  type OptionSpec,
} from '../definition.ts';
import {
  type CommandName,
  GROUPS,
  type GroupName,
  isCommandName,
  isGroupName,
  loadCommand,
  wordsAfter,
} from '../registry.ts';

export interface Suggestion {
  /** The whole word, as the program is to get it. */
  readonly word: string;
  readonly description?: string;
}

/** What may stand in a word's place. */
export type Suggestions =
  | { readonly kind: 'words'; readonly words: readonly Suggestion[] }
  /** The shell knows them better; with what stands before the path within the word. */
  | { readonly kind: 'directories' | 'files'; readonly before: string }
  /** Another program's command line, from the word of this index on. */
  | { readonly kind: 'command'; readonly from: number };

export interface SuggestionSource {
  /** At the host that the line names. Never rejects; empty when they cannot be had. */
  sessions(host?: string): Promise<readonly SessionInfo[]>;
  /** What may stand behind `--host` beside URLs. */
  hosts(): readonly string[];
  /** Whether the shell shows descriptions. */
  readonly describe: boolean;
}

/** In front of a command, as behind it. */
const HOST_FLAG = longFlag('host');
const HOST_BEGIN = `${HOST_FLAG}=`;
const NOTHING: Suggestions = { kind: 'words', words: [] };

/** Suggests for the last of the words behind `triterm`, whatever part of it is there; the shell picks those that fit. */
export async function suggestWords(words: readonly string[], source: SuggestionSource): Promise<Suggestions> {
  const [first, second] = words;
  const current = words.at(-1) ?? '';
  if (first === HOST_FLAG)
    return words.length === 2 ? listed(source.hosts()) : behindHost(words.slice(2), second, 2, source);
  if (words.length > 1 && first?.startsWith(HOST_BEGIN) === true)
    return behindHost(words.slice(1), first.slice(HOST_BEGIN.length), 1, source);
  if (first === undefined || words.length === 1) return firstWords(current, source);
  if (first === 'help')
    return words.length === 2
      ? commandWords(undefined, source)
      : words.length === 3 && isGroupName(second ?? '')
        ? commandWords(second as GroupName, source)
        : NOTHING;
  if (isGroupName(first)) {
    if (words.length === 2) return commandWords(first, source);
    const name = `${first} ${second}`;
    return isCommandName(name) ? commandLine(name, words, 2, source) : NOTHING;
  }
  return isCommandName(first) ? commandLine(first, words, 1, source) : NOTHING;
}

/** `taken`: how many words the host in front of them takes. */
async function behindHost(
  words: readonly string[],
  host: string | undefined,
  taken: number,
  source: SuggestionSource,
): Promise<Suggestions> {
  const suggestions = await suggestWords(words, toward(source, host));
  return suggestions.kind === 'command' ? { ...suggestions, from: suggestions.from + taken } : suggestions;
}

function toward(source: SuggestionSource, host: string | undefined): SuggestionSource {
  if (host === undefined) return source;
  return { describe: source.describe, hosts: () => source.hosts(), sessions: () => source.sessions(host) };
}

async function firstWords(current: string, source: SuggestionSource): Promise<Suggestions> {
  if (current.startsWith(HOST_BEGIN)) return values(HOST_OPTION, HOST_BEGIN, [], source);
  if (current.startsWith('-')) return listed(['--help', HOST_FLAG, '--version']);
  const { words } = await commandWords(undefined, source);
  return { kind: 'words', words: [...words, { word: 'help', description: 'Print help' }] };
}

async function commandWords(
  group: GroupName | undefined,
  { describe }: SuggestionSource,
): Promise<Extract<Suggestions, { kind: 'words' }>> {
  const words = wordsAfter(group).map(async word => {
    // A command's summary is in its module, which bash need not wait for.
    if (!describe) return { word };
    if (group === undefined && isGroupName(word)) return { word, description: GROUPS[word] };
    const name = (group === undefined ? word : `${group} ${word}`) as CommandName;
    return { word, description: (await loadCommand(name)).spec.summary };
  });
  return { kind: 'words', words: await Promise.all(words) };
}

/** `from` is where the command's own words begin. */
async function commandLine(
  name: CommandName,
  words: readonly string[],
  from: number,
  source: SuggestionSource,
): Promise<Suggestions> {
  const { spec } = await loadCommand(name);
  const current = words.at(-1) ?? '';
  const { args, awaited, usedOptions, host, dashesAt } = readBefore(spec, words.slice(from, -1));
  const asked = toward(source, host);
  if (dashesAt !== undefined && spec.command !== undefined)
    return { kind: 'command', from: from + dashesAt + 1 };
  if (dashesAt === undefined) {
    if (awaited !== undefined) return values(awaited, '', args, asked);
    const equals = current.indexOf('=');
    if (current.startsWith('--') && equals > 0) {
      const option = findOption(spec, current.slice(0, equals));
      return option?.[1].value === undefined
        ? NOTHING
        : values(option[1], current.slice(0, equals + 1), args, asked);
    }
    if (current.startsWith('-')) return flags(spec, usedOptions);
  }
  const argument =
    spec.args[args.length] ?? (spec.args.at(-1)?.repeat === true ? spec.args.at(-1) : undefined);
  if (argument !== undefined) return values(argument, '', args, asked);
  return dashesAt === undefined ? flags(spec, usedOptions) : NOTHING;
}

interface Before {
  readonly args: readonly string[];
  /** The option whose value comes next. */
  readonly awaited: OptionSpec | undefined;
  readonly usedOptions: ReadonlySet<string>;
  /** The value of `--host`. */
  readonly host: string | undefined;
  /** Where `--` stands. */
  readonly dashesAt: number | undefined;
}

/** What the words before the cursor are, as far as they can be understood. */
function readBefore(spec: CommandSpec, words: readonly string[]): Before {
  const args: string[] = [];
  const usedOptions = new Set<string>();
  let awaited: OptionSpec | undefined;
  let host: string | undefined;
  for (const [at, word] of words.entries()) {
    if (awaited !== undefined) {
      if (awaited === HOST_OPTION) host = word;
      awaited = undefined;
    } else if (word === '--') {
      const others = spec.command === undefined ? words.slice(at + 1) : [];
      return { args: [...args, ...others], awaited: undefined, usedOptions, host, dashesAt: at };
    } else if (word.startsWith('-') && word !== '-') {
      const found = lastOption(spec, word);
      if (found === undefined) continue;
      const [key, option] = found;
      usedOptions.add(key);
      if (word.startsWith(HOST_BEGIN)) host = word.slice(HOST_BEGIN.length);
      if (option.value !== undefined && option.optional !== true && !word.includes('=')) awaited = option;
    } else {
      args.push(word);
    }
  }
  return { args, awaited, usedOptions, host, dashesAt: undefined };
}

/** The option that a word names; of joined switches the last. */
function lastOption(spec: CommandSpec, word: string): readonly [string, OptionSpec] | undefined {
  if (word.startsWith('--')) return findOption(spec, word.split('=')[0] ?? word);
  return findOption(spec, `-${word.at(-1) ?? ''}`);
}

function findOption(spec: CommandSpec, flag: string): readonly [string, OptionSpec] | undefined {
  return Object.entries(spec.options).find(
    ([key, { short }]) => longFlag(key) === flag || (short !== undefined && `-${short}` === flag),
  );
}

function flags(spec: CommandSpec, used: ReadonlySet<string>): Suggestions {
  const words = Object.entries(spec.options)
    .filter(([key, option]) => option.repeat === true || !used.has(key))
    .map(([key, option]) => ({ word: longFlag(key), description: option.description }));
  return { kind: 'words', words: [...words, { word: '--help', description: 'print this help' }] };
}

async function values(
  spec: Pick<OptionSpec & ArgumentSpec, 'choices' | 'complete'>,
  before: string,
  args: readonly string[],
  source: SuggestionSource,
): Promise<Suggestions> {
  const complete: Completion | undefined = spec.choices ?? spec.complete;
  if (complete === undefined) return NOTHING;
  if (complete === 'directory') return { kind: 'directories', before };
  if (complete === 'file') return { kind: 'files', before };
  if (complete === 'context') return listed(source.hosts().map(name => `${before}${name}`));
  if (complete === 'setting') return settings(before, args, source);
  if (complete === 'pair')
    return args.length % 2 === 0
      ? settings(
          before,
          args.filter((_, at) => at % 2 === 0),
          source,
        )
      : settingValues(args.at(-1) ?? '');
  if (complete !== 'session') return listed(complete.map(value => `${before}${value}`));
  const sessions = (await source.sessions()).filter(({ name }) => !args.includes(name));
  return { kind: 'words', words: sessions.map(session => sessionWord(session, before)) };
}

/** The schema is loaded for these alone. */
async function settings(
  before: string,
  args: readonly string[],
  { describe }: SuggestionSource,
): Promise<Suggestions> {
  const { describeSettings } = await import('@triterm/core/config/load');
  const words = describeSettings()
    .filter(({ setting }) => !args.includes(setting))
    .map(({ setting, description }) => ({
      word: `${before}${setting}`,
      ...(describe ? { description } : {}),
    }));
  return { kind: 'words', words };
}

async function settingValues(name: string): Promise<Suggestions> {
  const { describeSettings } = await import('@triterm/core/config/load');
  return listed(describeSettings().find(({ setting }) => setting === name)?.words ?? []);
}

function sessionWord({ name, state, command, cwd }: SessionInfo, before: string): Suggestion {
  const description = plainLine([state, command, cwd ?? ''].filter(text => text !== '').join(' '));
  return { word: `${before}${name}`, description };
}

function listed(words: readonly string[]): Suggestions {
  return { kind: 'words', words: words.map(word => ({ word })) };
}
