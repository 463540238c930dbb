import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { ST } from './pen.ts';

/** Red, green and blue, 16 bits each. */
type Rgb = readonly [number, number, number];

export type SpecialColour = 'foreground' | 'background' | 'cursor';

/** OSC numbers: setting or asking for n, back to the default with n + 100. */
const SPECIAL: Readonly<Record<SpecialColour, number>> = { foreground: 10, background: 11, cursor: 12 };
const SPECIAL_NAMES: readonly SpecialColour[] = ['foreground', 'background', 'cursor'];

const PALETTE_SIZE = 256;
const MAX_SPEC_LENGTH = 64;

/** A colour that the program set. A name is passed on to clients; its value is not known here. */
interface SetColour {
  readonly spec: string;
  readonly rgb: Rgb | undefined;
}

/** Colours that the program set (OSC 4, 10, 11, 12), and those of the terminal, as far as a client told them. */
export class Colours {
  readonly #palette = new Map<number, SetColour>();
  readonly #special = new Map<SpecialColour, SetColour>();
  readonly #ofClient = new Map<SpecialColour, Rgb>();
  readonly #answer: (data: string) => void;

  constructor(answer: (data: string) => void) {
    this.#answer = answer;
  }

  setOfClient(name: SpecialColour, spec: string | undefined): void {
    const rgb = spec === undefined ? undefined : parseColour(spec);
    if (rgb === undefined) this.#ofClient.delete(name);
    else this.#ofClient.set(name, rgb);
  }

  /** OSC 4: pairs of index and colour, or `?` for a question. */
  palette(text: string, terminator: string): void {
    const parts = text.split(';', 2 * PALETTE_SIZE);
    for (let at = 0; at + 1 < parts.length; at += 2) {
      const index = paletteIndex(parts[at] ?? '');
      const spec = parts[at + 1] ?? '';
      if (index === undefined) continue;
      if (spec === '?') this.#tell(`4;${index}`, this.#palette.get(index)?.rgb, terminator);
      else set(this.#palette, index, spec);
    }
  }

  /** OSC 104: these, or all. */
  resetPalette(text: string): void {
    if (text === '') this.#palette.clear();
    for (const part of text.split(';', PALETTE_SIZE)) {
      const index = paletteIndex(part);
      if (index !== undefined) this.#palette.delete(index);
    }
  }

  /** OSC 10, 11 or 12: this colour and, after semicolons, those that follow it. */
  special(first: SpecialColour, text: string, terminator: string): void {
    const names = SPECIAL_NAMES.slice(SPECIAL_NAMES.indexOf(first));
    for (const [at, spec] of text.split(';', names.length).entries()) {
      const name = names[at];
      if (name === undefined) return;
      if (spec !== '?') set(this.#special, name, spec);
      else {
        const own = this.#special.get(name);
        this.#tell(`${SPECIAL[name]}`, own === undefined ? this.#ofClient.get(name) : own.rgb, terminator);
      }
    }
  }

  resetSpecial(name: SpecialColour): void {
    this.#special.delete(name);
  }

  /** Sequences that give a terminal with its default colours those that the program set. */
  sequences(): string {
    let out = '';
    for (const [index, { spec }] of this.#palette) out += `\x1b]4;${index};${spec}${ST}`;
    for (const [name, { spec }] of this.#special) out += `\x1b]${SPECIAL[name]};${spec}${ST}`;
    return out;
  }

  write(writer: ByteWriter): void {
    writer.list(this.#palette, this.#palette.size, ([index, { spec }]) => {
      writer.u8(index);
      writer.text(spec);
    });
    for (const name of SPECIAL_NAMES) writer.text(this.#special.get(name)?.spec ?? '');
  }

  read(reader: ByteReader): void {
    reader.list(PALETTE_SIZE, () => set(this.#palette, reader.u8(), reader.text(MAX_SPEC_LENGTH)));
    for (const name of SPECIAL_NAMES) {
      const spec = reader.text(MAX_SPEC_LENGTH);
      if (spec !== '') set(this.#special, name, spec);
    }
  }

  /** Nothing is said of a colour that is not known: programs go on after a while, or ask for something else too. */
  #tell(what: string, rgb: Rgb | undefined, terminator: string): void {
    if (rgb === undefined) return;
    const [red, green, blue] = rgb.map(value => value.toString(16).padStart(4, '0'));
    this.#answer(`\x1b]${what};rgb:${red}/${green}/${blue}${terminator}`);
  }
}

function set<K>(colours: Map<K, SetColour>, key: K, spec: string): void {
  const rgb = parseColour(spec);
  if (rgb !== undefined || isName(spec)) colours.set(key, { spec, rgb });
}

function isName(spec: string): boolean {
  return spec.length <= MAX_SPEC_LENGTH && /^[a-z][a-z0-9 ]*$/i.test(spec);
}

function paletteIndex(text: string): number | undefined {
  const index = /^\d{1,3}$/.test(text) ? Number(text) : PALETTE_SIZE;
  return index < PALETTE_SIZE ? index : undefined;
}

/** `rgb:r/g/b` with 1 to 4 digits each, or `#rgb` with 1 to 4 (XParseColor(3)); undefined for anything else. */
export function parseColour(spec: string): Rgb | undefined {
  const device = /^rgb:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})$/i.exec(spec);
  if (device !== null) {
    const [red, green, blue] = device.slice(1).map(scaled);
    return [red ?? 0, green ?? 0, blue ?? 0];
  }
  const digits = /^#((?:[0-9a-f]{3}){1,4})$/i.exec(spec)?.[1];
  if (digits === undefined) return undefined;
  const width = digits.length / 3;
  const [red, green, blue] = [0, 1, 2].map(at => scaled(digits.slice(at * width, (at + 1) * width)));
  return [red ?? 0, green ?? 0, blue ?? 0];
}

/** Hexadecimal digits as a share of their largest value, in 16 bits. */
function scaled(digits: string): number {
  return Math.round((Number.parseInt(digits, 16) * 0xffff) / (16 ** digits.length - 1));
}
