import { TermError } from '@triterm/core/errors';
import { jsonBytes } from '../../json-bytes.ts';
import type { SearchMatch } from '../screen.ts';
import { plainText, runInterruptibly } from './pattern.ts';

export interface NumberedLines {
  /** Permanent number of the first line. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** How long one slice of a search takes, so that other screens are served in between. */
const SLICE_MS = 8;
/** A slice that is not over by then is stuck inside of the expression. */
const STUCK_MS = 250;
/** The whole search. */
const DEADLINE_MS = 10_000;
/** What is given back, in bytes of JSON: what a message takes. */
const RESULT_BYTES = 4 * 1024 * 1024;
/** A match without its text. */
const MATCH_BYTES = 64;

/** A search over logical lines, oldest first, done a slice at a time. */
export class LineSearch {
  readonly #pattern: RegExp;
  readonly #limit: number;
  readonly #source: Iterator<NumberedLines>;
  readonly #deadlineAtMs = performance.now() + DEADLINE_MS;
  #block: NumberedLines = { first: 0, lines: [] };
  #at = 0;
  #resultBytes = 0;
  readonly #matches: SearchMatch[] = [];

  constructor(pattern: RegExp, limit: number, source: Iterable<NumberedLines>) {
    this.#pattern = pattern;
    this.#limit = limit;
    this.#source = source[Symbol.iterator]();
  }

  /** Goes on for a slice. Undefined while there is more to do. Throws TIMEOUT. */
  step(): { matches: SearchMatch[]; truncated: boolean } | undefined {
    const nowMs = performance.now();
    if (nowMs > this.#deadlineAtMs)
      throw new TermError('TIMEOUT', `The search took longer than ${DEADLINE_MS} ms.`, {
        hint: 'Take a simpler pattern, or search in `triterm capture --scrollback`.',
      });
    const state = runInterruptibly(() => this.#scan(nowMs + SLICE_MS), STUCK_MS);
    return state === 'more' ? undefined : { matches: this.#matches, truncated: state === 'full' };
  }

  #scan(untilMs: number): 'more' | 'full' | 'done' {
    while (performance.now() < untilMs) {
      if (this.#at >= this.#block.lines.length && !this.#nextBlock()) return 'done';
      const text = plainText(this.#block.lines[this.#at] ?? '');
      if (!this.#matchLine(this.#block.first + this.#at, text)) return 'full';
      this.#at += 1;
    }
    return 'more';
  }

  #nextBlock(): boolean {
    for (;;) {
      const next = this.#source.next();
      if (next.done === true) return false;
      this.#block = next.value;
      this.#at = 0;
      if (this.#block.lines.length > 0) return true;
    }
  }

  /** False when the result is full. */
  #matchLine(line: number, text: string): boolean {
    this.#pattern.lastIndex = 0;
    for (let match = this.#pattern.exec(text); match !== null; match = this.#pattern.exec(text)) {
      const end = match.index + match[0].length;
      if (end === match.index) {
        this.#pattern.lastIndex = end + 1;
        continue;
      }
      this.#resultBytes += jsonBytes(text) + MATCH_BYTES;
      if (this.#matches.length >= this.#limit || this.#resultBytes > RESULT_BYTES) return false;
      this.#matches.push({ line, text, start: match.index, end });
    }
    return true;
  }
}

/** The first text on these lines that matches. Throws TIMEOUT. */
export function firstMatch(pattern: RegExp, lines: readonly string[]): string | null {
  return runInterruptibly(() => {
    for (const line of lines) {
      pattern.lastIndex = 0;
      const match = pattern.exec(line);
      if (match !== null) return match[0];
    }
    return null;
  }, STUCK_MS);
}
