import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { CSI } from './pen.ts';
import type { OpenTerminal, XtermParams } from './xterm-internals.ts';

/**
 * Private modes that change nothing in the model but something in a client's terminal: reverse video, other mouse encodings,
 * wheel as arrow keys, Meta and Alt handling, reports of the colour scheme. What a terminal does before a program chooses
 * differs, so only those that the program touched are passed on.
 */
const MODES = [5, 1005, 1007, 1015, 1034, 1035, 1036, 1039, 2031] as const;

export class PassedModes {
  readonly #set = new Map<number, boolean>();

  constructor(terminal: OpenTerminal) {
    terminal.onCsi({ prefix: '?', final: 'h' }, params => this.#note(params, true));
    terminal.onCsi({ prefix: '?', final: 'l' }, params => this.#note(params, false));
  }

  reset(): void {
    this.#set.clear();
  }

  sequences(): string {
    let out = '';
    for (const [mode, isSet] of this.#set) out += `${CSI}?${mode}${isSet ? 'h' : 'l'}`;
    return out;
  }

  write(writer: ByteWriter): void {
    for (const mode of MODES) {
      const isSet = this.#set.get(mode);
      writer.u8(isSet === undefined ? 0 : isSet ? 1 : 2);
    }
  }

  read(reader: ByteReader): void {
    for (const mode of MODES) {
      const value = reader.u8(2);
      if (value !== 0) this.#set.set(mode, value === 1);
    }
  }

  #note(params: XtermParams, isSet: boolean): boolean {
    for (let at = 0; at < params.length; at += 1) {
      const mode = MODES.find(known => known === params.params[at]);
      if (mode !== undefined) this.#set.set(mode, isSet);
    }
    return false;
  }
}
