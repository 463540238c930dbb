import type { Payload } from './payloads.ts';

/** What the harness tells a program to do, one JSON line each; the program answers each with one line of its own. */
export type Order =
  /** Write a payload so many times, then its ending. */
  | { readonly do: 'flood'; readonly payload: Payload; readonly blocks: number; readonly marker: string }
  /** Write a payload again and again; answered at once. */
  | { readonly do: 'floodOn'; readonly payload: Payload }
  /** Write a text on a line of its own. */
  | { readonly do: 'say'; readonly text: string }
  /** Write numbered lines of so many columns, then the marker on the last row; again at each SIGWINCH. */
  | { readonly do: 'lines'; readonly lines: number; readonly cols: number; readonly marker: string };

export interface Report {
  /** Just before the first and just after the last byte was written, on the clock of `nowMs`. */
  readonly startedMs: number;
  readonly wroteMs: number;
  readonly bytes: number;
}

export interface Greeting {
  readonly name: string;
  readonly pid: number;
}
