/**
 * Layout of a cell in a row of @xterm/headless: three 32-bit words.
 * content: codepoint (bits 0–20), combined flag (21), width (22–23).
 * fg: colour (0–23), colour mode (24–25), flags (26–31). bg: likewise.
 */
export const CELL_WORDS = 3;

export const CODEPOINT_MASK = 0x1fffff;
export const COMBINED_FLAG = 0x200000;
/** Set when a cell holds a character. */
export const HAS_CONTENT_MASK = 0x3fffff;
export const WIDTH_SHIFT = 22;

/** Content of an empty cell. */
export const NULL_CONTENT = 1 << WIDTH_SHIFT;

export const COLOUR_MODE_MASK = 0x3000000;
export const COLOUR_MODE_16 = 0x1000000;
export const COLOUR_MODE_256 = 0x2000000;
export const COLOUR_MODE_RGB = 0x3000000;
/** Colour with its mode. */
export const COLOUR_MASK = 0x3ffffff;

export const FG_INVERSE = 0x4000000;
export const FG_BOLD = 0x8000000;
export const FG_UNDERLINE = 0x10000000;
export const FG_BLINK = 0x20000000;
export const FG_INVISIBLE = 0x40000000;
export const FG_STRIKETHROUGH = 0x80000000;

export const BG_ITALIC = 0x4000000;
export const BG_DIM = 0x8000000;
export const BG_EXTENDED = 0x10000000;
export const BG_PROTECTED = 0x20000000;
export const BG_OVERLINE = 0x40000000;

export const UNDERLINE_STYLE_SHIFT = 26;
export const UNDERLINE_STYLE_MASK = 0x1c000000;
