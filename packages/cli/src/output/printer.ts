/** Named looks; what they are in SGR is decided here alone. */
const LOOKS = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Look = keyof typeof LOOKS;

/** What a stream can show. */
export interface Printer {
  readonly isTerminal: boolean;
  /** Width of the terminal; without one there is no limit. */
  readonly columns: number | undefined;
  paint(look: Look, text: string): string;
  line(text: string): void;
  /** One value as JSON: over several lines for a person at a terminal, else on one. */
  json(value: unknown): void;
}

export function createPrinter(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Printer {
  const isTerminal = stream.isTTY === true;
  const colours = wantsColours(isTerminal, env);
  return {
    isTerminal,
    columns: isTerminal ? (stream.columns ?? 80) : undefined,
    paint: (look, text) => (colours ? `\u001b[${LOOKS[look][0]}m${text}\u001b[${LOOKS[look][1]}m` : text),
    line: text => {
      stream.write(`${text}\n`);
    },
    json: value => {
      stream.write(`${toJson(value, isTerminal)}\n`);
    },
  };
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

/** JSON whose strings cannot steer a terminal: DEL and C1 controls, which JSON allows, are escaped as well. */
export function toJson(value: unknown, pretty: boolean): string {
  return JSON.stringify(value, undefined, pretty ? 2 : 0).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
