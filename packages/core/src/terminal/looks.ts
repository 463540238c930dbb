/** Named looks; what they are in SGR (ECMA-48, 8.3.117) is decided here alone: what begins one, and what ends it. */
const LOOKS = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Look = keyof typeof LOOKS;

export type Paint = (look: Look, text: string) => string;

/** What gives texts their looks, or leaves them as they are. */
export function painter(wanted: boolean): Paint {
  if (!wanted) return (_look, text) => text;
  return (look, text) => `\u001b[${LOOKS[look][0]}m${text}\u001b[${LOOKS[look][1]}m`;
}

/**
 * FORCE_COLOR (other than `0` and `false`) beats NO_COLOR (any text, https://no-color.org), which beats what the
 * stream is.
 */
export function wantsColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const force = env.FORCE_COLOR;
  if (force === '0' || force === 'false') return false;
  if (force !== undefined) return true;
  if ((env.NO_COLOR ?? '') !== '') return false;
  return isTerminal && env.TERM !== 'dumb';
}
