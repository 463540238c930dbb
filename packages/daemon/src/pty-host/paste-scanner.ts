const ESC = 0x1b;
/** `ESC [ 2 0`, which `0 ~` makes the begin and `1 ~` the end of a bracketed paste. */
const PREFIX = [ESC, 0x5b, 0x32, 0x30];
const ZERO = 0x30;
const ONE = 0x31;
const TILDE = 0x7e;

export const PASTE_BEGIN = Buffer.from('\x1b[200~');
export const PASTE_END = Buffer.from('\x1b[201~');

/** Follows one sender's bytes and knows whether they end inside a bracketed paste. */
export class PasteScanner {
  #open = false;
  /** How many bytes of a marker the bytes so far end with. */
  #matched = 0;
  #digit = 0;

  get open(): boolean {
    return this.#open;
  }

  /** The bytes end within what may become a marker. */
  get inMarker(): boolean {
    return this.#matched > 0;
  }

  /** All that there is of a marker is an ESC, which people press too. */
  get atEscape(): boolean {
    return this.#matched === 1;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#matched === 0) {
        const next = bytes.indexOf(ESC, at);
        if (next === -1) return;
        at = next;
      }
      this.#step(bytes[at] ?? 0);
      at += 1;
    }
  }

  /** What was begun is given up: the paste is over, a half marker is none. */
  reset(): void {
    this.#open = false;
    this.#matched = 0;
  }

  #step(byte: number): void {
    const isNext =
      this.#matched < PREFIX.length
        ? byte === PREFIX[this.#matched]
        : this.#matched === PREFIX.length
          ? byte === ZERO || byte === ONE
          : byte === TILDE;
    if (!isNext) {
      this.#matched = byte === ESC ? 1 : 0;
      return;
    }
    if (this.#matched === PREFIX.length) this.#digit = byte;
    if (this.#matched > PREFIX.length) {
      this.#open = this.#digit === ZERO;
      this.#matched = 0;
    } else {
      this.#matched += 1;
    }
  }
}
