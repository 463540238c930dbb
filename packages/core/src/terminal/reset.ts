import { ANSI_MODES, PRIVATE_MODES, setMode } from './modes.ts';

/** Ends whatever sequence is open: CAN for a control sequence, ST for a string. */
export const ABORT_SEQUENCE = '\x18\x1b\\';
/** No hyperlink for what is written next (OSC 8). */
export const END_LINK = '\x1b]8;;\x1b\\';
/** Every entry of the kitty keyboard protocol's stack popped, and its flags zero; of the screen that is shown. */
export const PLAIN_KITTY_KEYS = '\x1b[<99u\x1b[=0u';
/** ASCII in all four character sets, G0 chosen. */
export const PLAIN_CHARSETS = '\x1b(B\x1b)B\x1b*B\x1b+B\x0f';
/** The cursor's shape as the person configured it (DECSCUSR). */
export const PLAIN_CURSOR_SHAPE = '\x1b[0 q';

/**
 * The sequences that bring a terminal back to the state in which a shell expects it, whatever a program did: primary
 * screen, every mode as in a new terminal, plain keys on both screens, no region, ASCII, default attributes. The
 * cursor may be anywhere afterwards. Colours, title and content stay.
 */
export function terminalReset(): string {
  let modes = '';
  for (const [mode, on] of PRIVATE_MODES) modes += setMode('?', mode, on);
  for (const [mode, on] of ANSI_MODES) modes += setMode('', mode, on);
  return [
    ABORT_SEQUENCE,
    setMode('?', 2026, false),
    END_LINK,
    PLAIN_KITTY_KEYS,
    // Leaving the alternate screen restores a cursor with its attributes: everything else comes after it.
    setMode('?', 1049, false),
    PLAIN_KITTY_KEYS,
    '\x1b[>4m',
    modes,
    '\x1b>',
    '\x1b[r',
    PLAIN_CHARSETS,
    PLAIN_CURSOR_SHAPE,
    '\x1b[0m',
  ].join('');
}

/** What makes a terminal that may show anything a new one: reset, and empty from the cursor in the first cell on. */
export function newScreen(): string {
  return `${terminalReset()}\x1b[H\x1b[J`;
}
