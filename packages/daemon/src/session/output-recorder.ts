/** Keeps the last bytes of a stream, bounded, to cut a command's output out of it afterwards. */
export class OutputRecorder {
  readonly #maxBytes: number;
  #chunks: { offset: number; bytes: Uint8Array }[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(offset: number, bytes: Uint8Array): void {
    this.#chunks.push({ offset, bytes });
    this.#bytes += bytes.length;
    let first = this.#chunks[0];
    while (first !== undefined && this.#bytes - first.bytes.length >= this.#maxBytes) {
      this.#bytes -= first.bytes.length;
      this.#chunks.shift();
      first = this.#chunks[0];
    }
  }

  /** The bytes in [from, to), the last `maxBytes` of them; `truncated` when some before are missing. */
  cut(from: number, to: number): { bytes: Buffer; truncated: boolean } {
    const start = Math.max(from, to - this.#maxBytes, this.#chunks[0]?.offset ?? to);
    const parts = this.#chunks.flatMap(({ offset, bytes }) => {
      const part = bytes.subarray(Math.max(0, start - offset), Math.max(0, to - offset));
      return part.length > 0 ? [part] : [];
    });
    return { bytes: Buffer.concat(parts), truncated: start > from };
  }
}
