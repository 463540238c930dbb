import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const BLOCK_BYTES = 4096;

/** A file with no two blocks the same, and a script that writes it to a terminal as fast as that goes. */
export class FloodFile {
  readonly path: string;
  readonly bytes: number;
  readonly script: string;

  constructor(path: string, mebibytes: number) {
    this.path = path;
    this.bytes = mebibytes * 1024 * 1024;
    this.script = `stty raw -echo; cat ${path}`;
    const file = openSync(path, 'wx');
    const chunk = Buffer.alloc(1024 * 1024, randomBytes(BLOCK_BYTES));
    for (let at = 0; at < this.bytes; at += chunk.length) {
      for (let block = 0; block < chunk.length; block += BLOCK_BYTES)
        chunk.writeUInt32BE((at + block) / BLOCK_BYTES, block);
      writeSync(file, chunk);
    }
    closeSync(file);
  }

  /** Of the bytes from an offset on. */
  sha1(from = 0): string {
    return createHash('sha1').update(readFileSync(this.path).subarray(from)).digest('hex');
  }
}
