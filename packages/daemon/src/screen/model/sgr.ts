import {
  BG_DIM,
  BG_EXTENDED,
  BG_ITALIC,
  BG_OVERLINE,
  COLOUR_MASK,
  COLOUR_MODE_16,
  COLOUR_MODE_256,
  COLOUR_MODE_MASK,
  COLOUR_MODE_RGB,
  FG_BLINK,
  FG_BOLD,
  FG_INVERSE,
  FG_INVISIBLE,
  FG_STRIKETHROUGH,
  FG_UNDERLINE,
  UNDERLINE_STYLE_MASK,
  UNDERLINE_STYLE_SHIFT,
} from './cells.ts';

/** What SGR 59 leaves; drawn as the text's own colour. */
const UNDERLINE_COLOUR_DEFAULT = COLOUR_MASK;

/** Parameters of an SGR sequence that sets exactly these attributes: `0`, or `0;` and more. `ext` as in XtermExtended. */
export function sgrParams(fg: number, bg: number, ext: number): string {
  return `0${flags(fg, bg)}${underline(fg, bg, ext)}${colours(fg, bg)}${underlineColour(ext)}`;
}

/** The same without anything of underlines: they stay as they are. */
export function sgrParamsButUnderline(fg: number, bg: number): string {
  return `22;23;25;27;28;29;39;49;55${flags(fg, bg)}${colours(fg, bg)}`;
}

function flags(fg: number, bg: number): string {
  let params = '';
  if (fg & FG_BOLD) params += ';1';
  if (bg & BG_DIM) params += ';2';
  if (bg & BG_ITALIC) params += ';3';
  if (fg & FG_BLINK) params += ';5';
  if (fg & FG_INVERSE) params += ';7';
  if (fg & FG_INVISIBLE) params += ';8';
  if (fg & FG_STRIKETHROUGH) params += ';9';
  if (bg & BG_OVERLINE) params += ';53';
  return params;
}

function colours(fg: number, bg: number): string {
  return colour(fg, 30, 90, '38') + colour(bg, 40, 100, '48');
}

/** The style that is drawn: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
export function underlineStyle(fg: number, bg: number, ext: number): number {
  const style = bg & BG_EXTENDED ? (ext & UNDERLINE_STYLE_MASK) >>> UNDERLINE_STYLE_SHIFT : 0;
  return style !== 0 ? style : fg & FG_UNDERLINE ? 1 : 0;
}

function underline(fg: number, bg: number, ext: number): string {
  const style = underlineStyle(fg, bg, ext);
  return style === 0 ? '' : style === 1 ? ';4' : `;4:${style}`;
}

function colour(word: number, first8: number, bright8: number, extended: string): string {
  const value = word & 0xff;
  switch (word & COLOUR_MODE_MASK) {
    case COLOUR_MODE_16:
      return value < 8 ? `;${first8 + value}` : `;${bright8 + (value & 7)}`;
    case COLOUR_MODE_256:
      return `;${extended};5;${value}`;
    case COLOUR_MODE_RGB:
      return `;${extended};2;${(word >>> 16) & 0xff};${(word >>> 8) & 0xff};${value}`;
    default:
      return '';
  }
}

/** With colons: a terminal that does not know 58 would take `;5` and what follows for attributes. */
function underlineColour(ext: number): string {
  const word = ext & COLOUR_MASK;
  if (word === UNDERLINE_COLOUR_DEFAULT) return ';59';
  switch (word & COLOUR_MODE_MASK) {
    case COLOUR_MODE_16:
    case COLOUR_MODE_256:
      return `;58:5:${word & 0xff}`;
    case COLOUR_MODE_RGB:
      return `;58:2::${(word >>> 16) & 0xff}:${(word >>> 8) & 0xff}:${word & 0xff}`;
    default:
      return '';
  }
}
