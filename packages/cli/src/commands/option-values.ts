import { parseWindowSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';

/** Reads a whole number of at least `least`. Throws USAGE. */
export function parseCount(flag: string, text: string, least: number, most = 2 ** 31 - 1): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= least && count <= most))
    throw new TermError(
      'USAGE',
      `${flag} is a whole number from ${least} to ${most}, not ${JSON.stringify(text)}.`,
    );
  return count;
}

/** Reads a timeout in seconds, fractions allowed, as milliseconds; 0 and none mean no limit. Throws USAGE. */
export function parseTimeoutMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  const timeoutMs = Math.round(seconds * 1000);
  if (!(timeoutMs < 2 ** 31))
    throw new TermError('USAGE', `--timeout is a number of seconds, not ${JSON.stringify(text)}.`);
  return timeoutMs;
}

/** Throws BAD_SIZE. */
export function parseSize(text: string): WindowSize {
  const size = parseWindowSize(text);
  if (size === undefined) throw new TermError('BAD_SIZE', `${JSON.stringify(text)} is not a size.`);
  return size;
}

/** What the protocol lets a label be. */
const MAX_LABEL_KEY_CHARACTERS = 64;
const MAX_LABEL_VALUE_CHARACTERS = 256;

/** Reads labels. Throws USAGE. */
export function parseLabels(texts: readonly string[]): Record<string, string> {
  const labels = parsePairs(texts, 'USAGE', 'The label');
  for (const [key, value] of Object.entries(labels)) {
    if (key.length > MAX_LABEL_KEY_CHARACTERS)
      throw new TermError(
        'USAGE',
        `The label ${JSON.stringify(key)} is longer than ${MAX_LABEL_KEY_CHARACTERS} characters.`,
      );
    if (value.length > MAX_LABEL_VALUE_CHARACTERS)
      throw new TermError(
        'USAGE',
        `The value of label ${key} is longer than ${MAX_LABEL_VALUE_CHARACTERS} characters.`,
      );
  }
  return labels;
}

/** Splits `KEY=VALUE` texts at their first `=`. Throws `code` for one without a key. */
export function parsePairs(
  texts: readonly string[],
  code: 'BAD_ENV' | 'USAGE',
  what: string,
): Record<string, string> {
  const pairs = texts.map(text => {
    const equals = text.indexOf('=');
    if (equals < 1)
      throw new TermError(code, `${what} ${JSON.stringify(text)} is not KEY=VALUE.`, {
        hint: 'Write it as KEY=VALUE.',
      });
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** What the daemon takes for `--limit` where it is not given, and at most. */
export const DEFAULT_LIMIT = 1000;
export const MAX_LIMIT = 10_000;

/** How many entries a list of the store has at most. */
export const LIMIT_OPTION = {
  short: 'n',
  value: 'N',
  description: `list N at most, up to ${MAX_LIMIT}; ${DEFAULT_LIMIT} otherwise`,
} as const;

/** Reads `--limit`. Throws USAGE. */
export function listLimit(text: string | undefined): { readonly limit?: number } {
  return text === undefined ? {} : { limit: parseCount('--limit', text, 1, MAX_LIMIT) };
}
