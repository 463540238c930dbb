import { type Look, painter, wantsColours } from '@triterm/core/terminal';

export type { Look } from '@triterm/core/terminal';

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
  return {
    isTerminal,
    columns: isTerminal ? (stream.columns ?? 80) : undefined,
    paint: painter(wantsColours(isTerminal, env)),
    line: text => {
      stream.write(`${text}\n`);
    },
    json: value => {
      stream.write(`${toJson(value, isTerminal)}\n`);
    },
  };
}

/** JSON whose strings cannot steer a terminal: DEL and C1 controls, which JSON allows, are escaped as well. */
export function toJson(value: unknown, pretty: boolean): string {
  return JSON.stringify(value, undefined, pretty ? 2 : 0).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
