import { createHash, type Hash } from 'node:crypto';

/** The bytes that `seq 1 last` brings to a terminal, where each line ends with CR LF, hashed and counted. */
export function sequenceDigest(last: number): { digest: string; bytes: number } {
  const hash = createHash('sha256');
  let bytes = 0;
  let text = '';
  const flush = () => {
    hash.update(text);
    bytes += text.length;
    text = '';
  };
  for (let number = 1; number <= last; number += 1) {
    text += `${number}\r\n`;
    if (text.length > 65_536) flush();
  }
  flush();
  return { digest: hash.digest('hex'), bytes };
}

/** Hashes what comes from the first byte after a marker on. */
export class DigestAfter {
  readonly #marker: Buffer;
  readonly #hash: Hash = createHash('sha256');
  #before: Buffer | undefined = Buffer.alloc(0);
  bytes = 0;

  constructor(marker: string) {
    this.#marker = Buffer.from(marker);
  }

  /** Whether the marker has come. */
  get begun(): boolean {
    return this.#before === undefined;
  }

  push(bytes: Buffer): void {
    if (this.#before === undefined) {
      this.#add(bytes);
      return;
    }
    this.#before = Buffer.concat([this.#before, bytes]);
    const at = this.#before.indexOf(this.#marker);
    if (at < 0) return;
    const rest = this.#before.subarray(at + this.#marker.length);
    this.#before = undefined;
    this.#add(rest);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  #add(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }
}
