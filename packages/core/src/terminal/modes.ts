/**
 * DEC private modes (`CSI ? n h`, `CSI ? n l`) that change what a terminal sends or how it draws, each with the state
 * that a new terminal has it in. From the VT510 manual, xterm's ctlseqs and the terminals that added them. The
 * alternate screen is not among them: leaving it moves the cursor, so that it has a place of its own.
 */
export const PRIVATE_MODES: ReadonlyMap<number, boolean> = new Map([
  /** Application cursor keys. */
  [1, false],
  /** Reverse video. */
  [5, false],
  /** Origin: the cursor counts from the scroll region. */
  [6, false],
  /** Autowrap. */
  [7, true],
  /** Mouse: press only, press and release, highlight, drag, any motion. */
  [9, false],
  [1000, false],
  [1001, false],
  [1002, false],
  [1003, false],
  /** Cursor visible. */
  [25, true],
  /** Reverse wraparound. */
  [45, false],
  /** Application keypad, also `ESC =` and `ESC >`. */
  [66, false],
  /** Left and right margins. */
  [69, false],
  /** Focus reports. */
  [1004, false],
  /** Mouse encodings: UTF-8, SGR, urxvt, SGR in pixels. */
  [1005, false],
  [1006, false],
  [1015, false],
  [1016, false],
  /** Bracketed paste. */
  [2004, false],
  /** Synchronized output. */
  [2026, false],
  /** Width by grapheme clusters. */
  [2027, false],
  /** Reports of a changed colour scheme, and of a changed size. */
  [2031, false],
  [2048, false],
  /** Win32 input. */
  [9001, false],
]);

/** Modes of ECMA-48 (`CSI n h`, `CSI n l`): keyboard locked, insertion, no local echo, line feed also returns. */
export const ANSI_MODES: ReadonlyMap<number, boolean> = new Map([
  [2, false],
  [4, false],
  [12, true],
  [20, false],
]);

/** Modes that show the alternate screen; 1049 saves and restores the cursor. */
export const ALTERNATE_SCREEN_MODES: ReadonlySet<number> = new Set([47, 1047, 1049]);

/** The sequence that sets or resets a mode. `prefix` is `?` for a private one. */
export function setMode(prefix: '' | '?', mode: number, on: boolean): string {
  return `\x1b[${prefix}${mode}${on ? 'h' : 'l'}`;
}
