import { isTermDescribed } from '@triterm/core/terminal';

/** Described everywhere, and what the screen model understands. */
const FALLBACKS = ['xterm-256color', 'xterm'];

/**
 * TERM for a new session: `wanted` when its description is installed, else the first fallback that is, with a note for
 * the log. Where none is found, programs bring their own descriptions, and `wanted` stays.
 */
export function chooseTerm(
  wanted: string,
  env: Readonly<Record<string, string | undefined>>,
  systemDirectories?: readonly string[],
): { term: string; note: string | null } {
  const term = [wanted, ...FALLBACKS].find(name => isTermDescribed(name, env, systemDirectories)) ?? wanted;
  return term === wanted
    ? { term, note: null }
    : { term, note: `no terminfo description of ${wanted} is installed; TERM is ${term} instead` };
}
