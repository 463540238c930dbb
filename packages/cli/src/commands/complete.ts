import type { SessionInfo } from '@triterm/core/domain';
import { LOCAL_HOST, readContexts } from '../client/contexts-file.ts';
import { connectDaemon } from '../client/daemon-client.ts';
import { shellWords } from './completion/shell-words.ts';
import { type Suggestions, suggestWords } from './completion/suggest-words.ts';
import type { CommandContext } from './definition.ts';
import { listEverywhere } from './list-everywhere.ts';

/** Somebody waits with a finger on Tab: a daemon that does not answer in this time has no sessions to suggest. */
const ANSWER_TIMEOUT_MS = 300;
/** The same with a few round trips over a network. */
const REMOTE_ANSWER_TIMEOUT_MS = 1500;

/**
 * What the scripts of `triterm completion` call: `bash WORDBREAKS LINE`, the line up to the cursor, or `zsh WORD…` and
 * `fish WORD…`, the words behind `triterm` with the part of the last one that stands before the cursor. Prints a line that
 * says of what kind the rest is (`words`, `nospace`, `directories`, `files`, `command`), then a line each. Nothing fails and
 * nothing is started: where there is nothing to suggest, nothing is printed.
 */
export async function complete(argv: readonly string[], context: CommandContext): Promise<number> {
  const [shell, ...input] = argv;
  const isBash = shell === 'bash';
  const words = isBash ? shellWords(input[1] ?? '').slice(1) : input;
  const suggestions = await suggestWords(words, {
    sessions: host => runningSessions(host === undefined ? context : context.toward(host)),
    hosts: () => hostNames(context),
    describe: !isBash,
  });
  const lines = isBash
    ? bashLines(suggestions, words.at(-1) ?? '', input[0] ?? '')
    : describedLines(suggestions);
  if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

async function runningSessions(context: CommandContext): Promise<readonly SessionInfo[]> {
  try {
    const { paths, env, remote } = context;
    const answerTimeoutMs = remote === undefined ? ANSWER_TIMEOUT_MS : REMOTE_ANSWER_TIMEOUT_MS;
    const client = await connectDaemon({ paths, env, remote, autostart: false, answerTimeoutMs });
    try {
      return await listEverywhere(client, answerTimeoutMs);
    } finally {
      client.close();
    }
  } catch {
    return [];
  }
}

function hostNames({ paths }: CommandContext): readonly string[] {
  try {
    return [...readContexts(paths.contextsFile).byName.keys(), LOCAL_HOST];
  } catch {
    return [LOCAL_HOST];
  }
}

/** zsh and fish choose and describe by themselves. */
export function describedLines(suggestions: Suggestions): string[] {
  switch (suggestions.kind) {
    case 'directories':
    case 'files':
      return [suggestions.kind, suggestions.before];
    case 'command':
      return ['command', String(suggestions.from)];
    case 'words':
      return wordLines(
        suggestions,
        suggestions.words.map(({ word, description }) =>
          description === undefined ? word : `${word}\t${description}`,
        ),
      );
  }
}

/**
 * bash takes what it is given: only words that fit, without what stands before the last of its word breaks, because to
 * bash `--sort=na` are three words.
 */
export function bashLines(suggestions: Suggestions, current: string, wordBreaks: string): string[] {
  if (suggestions.kind !== 'words') return [suggestions.kind];
  const breakAt = [...current].findLastIndex(char => wordBreaks.includes(char));
  const before = [...current].slice(0, breakAt + 1).join('');
  const fitting = suggestions.words.map(({ word }) => word).filter(word => word.startsWith(current));
  return wordLines(
    suggestions,
    fitting.map(word => word.slice(before.length)),
  );
}

/** A word that ends in `=` goes on. */
function wordLines(suggestions: Extract<Suggestions, { kind: 'words' }>, lines: string[]): string[] {
  if (lines.length === 0) return [];
  return [suggestions.words.every(({ word }) => word.endsWith('=')) ? 'nospace' : 'words', ...lines];
}
