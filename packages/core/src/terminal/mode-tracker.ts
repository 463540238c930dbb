import { ALTERNATE_SCREEN_MODES, ANSI_MODES, PRIVATE_MODES, setMode } from './modes.ts';
import { END_LINK, PLAIN_CHARSETS, PLAIN_CURSOR_SHAPE } from './reset.ts';

/** Final bytes of the control sequences that `ModeTracker.csi` acts on. */
export const CSI_MODE_FINALS = 'hlmnpqru';

type Screen = 'primary' | 'alternate';

/** Kitty keyboard state of one screen. */
interface KittyKeys {
  /** Entries that were pushed onto the terminal's stack and not popped. */
  pushes: number;
  /** Flags were set in place. */
  isSet: boolean;
}

/**
 * Follows what a stream of output sets on a terminal beyond its screen content, in order to undo exactly that. It is
 * told every sequence of which it might matter; what it does not know, it leaves alone.
 */
export class ModeTracker {
  /** Height of the terminal: a region of all rows is none. */
  rows = Number.MAX_SAFE_INTEGER;
  /** Modes that are not as in a new terminal. */
  readonly #privateModes = new Set<number>();
  readonly #ansiModes = new Set<number>();
  #alternate: number | undefined;
  #kitty: Record<Screen, KittyKeys> = { primary: noKeys(), alternate: noKeys() };
  /** Resources of `CSI > n ; v m`: 4 is modifyOtherKeys. */
  readonly #modifyKeys = new Set<number>();
  /** Screens with a scrolling region: terminals have one for each, or one for both. */
  readonly #regions = new Set<Screen>();
  #cursorShape = false;
  #charsets = false;
  #link = false;
  #title = false;
  #progress = false;
  /** OSC numbers that put colours back. */
  readonly #colours = new Set<number>();

  get alternateScreen(): boolean {
    return this.#alternate !== undefined;
  }

  /** Keys may come as `CSI code ; modifiers u` or `CSI 27 ; modifiers ; code ~`. */
  get extendedKeys(): boolean {
    const { pushes, isSet } = this.#shownKitty;
    return pushes > 0 || isSet || this.#modifyKeys.has(4);
  }

  /** The title was changed. */
  get titled(): boolean {
    return this.#title;
  }

  /** `CSI body final`; the body is everything between. */
  csi(body: string, final: string): void {
    switch (final) {
      case 'h':
      case 'l':
        this.#setModes(body, final === 'h');
        break;
      case 'm':
        if (body.startsWith('>')) this.#setModifyKeys(body.slice(1));
        break;
      case 'n':
        if (body.startsWith('>')) this.#modifyKeys.delete(body === '>' ? 2 : Number(body.slice(1)));
        break;
      case 'p':
        if (body === '!') this.#softReset();
        break;
      case 'q':
        if (body.endsWith(' ')) this.#cursorShape = Number.parseInt(body, 10) > 0;
        break;
      case 'r':
        if (body.startsWith('?')) for (const mode of numbers(body.slice(1))) this.#touch(mode);
        else if (/^[0-9;]*$/.test(body)) this.#setRegion(!this.#isWholeScreen(body));
        break;
      case 'u':
        this.#setKittyKeys(body);
        break;
    }
  }

  /** One mode of `CSI ? … h` or `CSI ? … l`: the most frequent of these sequences. */
  privateMode(mode: number, on: boolean): void {
    if (ALTERNATE_SCREEN_MODES.has(mode)) this.#alternate = on ? mode : undefined;
    else if (mode === 12) this.#cursorShape = true;
    else note(this.#privateModes, PRIVATE_MODES, mode, on);
  }

  /** `ESC intermediates final`. */
  esc(intermediates: string, final: string): void {
    if (intermediates === '') {
      if (final === 'c') this.#hardReset();
      else if (final === '=') this.#privateModes.add(66);
      else if (final === '>') this.#privateModes.delete(66);
      else if (final === 'n' || final === 'o') this.#charsets = true;
    } else if ('()*+-./'.includes(intermediates)) {
      this.#charsets ||= final !== 'B';
    }
  }

  /** An operating system command; of a long one the beginning suffices. */
  osc(number: number, text: string): void {
    if (number <= 2) this.#title = true;
    else if (number === 8) this.#link = !/^[^;]*;?$/.test(text);
    else if (number === 9 && text.startsWith('4;')) this.#progress = !text.startsWith('4;0');
    else if (number === 4 || number === 5 || (number >= 10 && number <= 19)) this.#colours.add(number + 100);
    else if (number >= 104 && number <= 119 && text === '') this.#colours.delete(number);
  }

  /**
   * The sequences that undo everything, and forgets it. The cursor stays where it is, on the primary screen where that
   * was left, or stands in the last row when it cannot stay.
   */
  undo(): string {
    let out = '';
    if (this.#privateModes.delete(2026)) out += setMode('?', 2026, false);
    if (this.#link) out += END_LINK;
    out += this.#undoKittyKeys();
    if (this.#alternate !== undefined) {
      out += setMode('?', this.#alternate, false);
      this.#alternate = undefined;
      out += this.#undoKittyKeys();
    }
    for (const resource of this.#modifyKeys) out += `\x1b[>${resource}m`;
    const moved = this.#regions.size > 0 || this.#privateModes.has(6) || this.#privateModes.has(69);
    for (const mode of this.#privateModes) out += setMode('?', mode, PRIVATE_MODES.get(mode) ?? false);
    for (const mode of this.#ansiModes) out += setMode('', mode, ANSI_MODES.get(mode) ?? false);
    if (this.#privateModes.has(66)) out += '\x1b>';
    if (moved) out += `\x1b[r\x1b[${MAX_ROW};1H`;
    if (this.#charsets) out += PLAIN_CHARSETS;
    if (this.#cursorShape) out += PLAIN_CURSOR_SHAPE;
    if (this.#progress) out += '\x1b]9;4;0\x1b\\';
    for (const number of this.#colours) out += `\x1b]${number}\x1b\\`;
    if (this.#title) out += POP_TITLE;
    out += '\x0f\x1b[0m';
    this.#forget();
    return out;
  }

  #forget(): void {
    this.#hardReset();
    this.#privateModes.clear();
    this.#ansiModes.clear();
    this.#modifyKeys.clear();
    this.#colours.clear();
    this.#cursorShape = false;
    this.#charsets = false;
    this.#title = false;
    this.#progress = false;
  }

  get #shown(): Screen {
    return this.#alternate === undefined ? 'primary' : 'alternate';
  }

  get #shownKitty(): KittyKeys {
    return this.#kitty[this.#shown];
  }

  #setModes(body: string, on: boolean): void {
    if (!body.startsWith('?')) {
      for (const mode of numbers(body)) note(this.#ansiModes, ANSI_MODES, mode, on);
      return;
    }
    for (const mode of numbers(body.slice(1))) this.privateMode(mode, on);
  }

  /** The mode is as it was saved some time ago, which may be anything. */
  #touch(mode: number): void {
    if (PRIVATE_MODES.has(mode)) this.#privateModes.add(mode);
  }

  #setModifyKeys(body: string): void {
    const [resource, value] = numbers(body);
    if (resource === undefined) this.#modifyKeys.clear();
    else if (value === undefined || value === 0) this.#modifyKeys.delete(resource);
    else this.#modifyKeys.add(resource);
  }

  #setKittyKeys(body: string): void {
    const keys = this.#shownKitty;
    const [count = 0] = numbers(body.slice(1));
    if (body.startsWith('>')) keys.pushes += 1;
    else if (body.startsWith('<')) keys.pushes = Math.max(0, keys.pushes - Math.max(1, count));
    else if (body.startsWith('=')) keys.isSet = count !== 0;
  }

  #undoKittyKeys(): string {
    const keys = this.#shownKitty;
    const popped = keys.pushes > 0 ? `\x1b[<${keys.pushes}u` : '';
    const zeroed = keys.isSet ? '\x1b[=0u' : '';
    keys.pushes = 0;
    keys.isSet = false;
    return popped + zeroed;
  }

  /** That of the alternate screen goes with it, or is the primary's. */
  #setRegion(isSet: boolean): void {
    if (isSet) this.#regions.add(this.#shown);
    else if (this.#shown === 'primary') this.#regions.clear();
    else this.#regions.delete('alternate');
  }

  #isWholeScreen(body: string): boolean {
    const [top = 1, bottom = this.rows] = numbers(body);
    return top <= 1 && (bottom === 0 || bottom >= this.rows);
  }

  /** DECSTR (VT510 manual, table 5-5). */
  #softReset(): void {
    for (const mode of [1, 6, 25, 66, 69]) this.#privateModes.delete(mode);
    for (const mode of [2, 4]) this.#ansiModes.delete(mode);
    this.#setRegion(false);
    this.#charsets = false;
  }

  /** RIS. Which modes it resets differs from terminal to terminal, so what was set still counts as set. */
  #hardReset(): void {
    this.#alternate = undefined;
    this.#kitty = { primary: noKeys(), alternate: noKeys() };
    this.#regions.clear();
    this.#link = false;
  }
}

/** Puts title and icon name on the terminal's stack; takes them from there. */
export const PUSH_TITLE = '\x1b[22;0t';
const POP_TITLE = '\x1b[23;0t';

/** A row that no terminal has: the cursor stops in the last one. */
const MAX_ROW = 9999;

function noKeys(): KittyKeys {
  return { pushes: 0, isSet: false };
}

function note(deviating: Set<number>, known: ReadonlyMap<number, boolean>, mode: number, on: boolean): void {
  const initially = known.get(mode);
  if (initially === undefined) return;
  if (on === initially) deviating.delete(mode);
  else deviating.add(mode);
}

/** Parameters of a control sequence; sub-parameters belong to none. */
function numbers(parameters: string): number[] {
  if (parameters === '') return [];
  return parameters.split(';').map(parameter => Number.parseInt(parameter, 10) || 0);
}
