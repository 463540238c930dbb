import { TermError } from '@triterm/core/errors';

const FIRST_BYTES = 4096;

/** Writes numbers, strings and bytes one after the other; little-endian. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  flag(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u8(value: number): void {
    this.#length = this.#room(1).writeUInt8(value, this.#length);
  }

  u32(value: number): void {
    this.#length = this.#room(4).writeUInt32LE(value >>> 0, this.#length);
  }

  i32(value: number): void {
    this.#length = this.#room(4).writeInt32LE(value, this.#length);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.u32(bytes);
    this.#length += this.#room(bytes).write(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#room(value.length).set(value, this.#length);
    this.#length += value.length;
  }

  /** A count, then each. */
  list<T>(values: Iterable<T>, count: number, write: (value: T) => void): void {
    this.u32(count);
    for (const value of values) write(value);
  }

  /** What was written, a copy. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #room(bytes: number): Buffer {
    if (this.#length + bytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + bytes));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

/** Reads what a ByteWriter wrote. Throws STORE_CORRUPT for what can't be. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  flag(): boolean {
    return this.u8(1) === 1;
  }

  u8(max = 0xff): number {
    return this.#within(this.#bytes.readUInt8(this.#take(1)), 0, max);
  }

  u32(max = 0xffffffff): number {
    return this.#within(this.#bytes.readUInt32LE(this.#take(4)), 0, max);
  }

  i32(min = -0x80000000, max = 0x7fffffff): number {
    return this.#within(this.#bytes.readInt32LE(this.#take(4)), min, max);
  }

  text(maxBytes: number): string {
    const bytes = this.u32(maxBytes);
    const from = this.#take(bytes);
    return this.#bytes.toString('utf8', from, from + bytes);
  }

  /** A view of what is read. */
  bytes(maxBytes: number): Uint8Array {
    const bytes = this.u32(maxBytes);
    const from = this.#take(bytes);
    return this.#bytes.subarray(from, from + bytes);
  }

  list<T>(maxCount: number, read: () => T): T[] {
    const count = this.u32(maxCount);
    const values: T[] = [];
    for (let at = 0; at < count; at += 1) values.push(read());
    return values;
  }

  #take(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#bytes.length) throw damaged('it ends too early');
    this.#at = from + bytes;
    return from;
  }

  #within(value: number, min: number, max: number): number {
    if (value < min || value > max) throw damaged('a number in it makes no sense');
    return value;
  }
}

export function damaged(why: string): TermError {
  return new TermError('STORE_CORRUPT', `The state of a screen is damaged: ${why}.`, {
    hint: 'The session goes on with an empty screen.',
  });
}
