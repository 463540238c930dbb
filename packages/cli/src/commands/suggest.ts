import { closest } from '@triterm/core/domain';

/** ` Did you mean X?`, or nothing. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const candidate = closest(text, candidates);
  return candidate === undefined ? '' : ` Did you mean ${candidate}?`;
}
