import { TermError } from '../../errors/index.ts';

/** A line holds one row; a session's document is far smaller. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Splits a stream at its newlines, which the lines keep. Throws DUMP_DAMAGED for a line that is too long, or not ended. */
export async function* linesOf(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer, void> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const piece of source) {
    const chunk = Buffer.from(piece);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, at + 1)]);
      pending = [];
      pendingBytes = 0;
      from = at + 1;
      yield line;
    }
    if (from === chunk.length) continue;
    pending.push(chunk.subarray(from));
    pendingBytes += chunk.length - from;
    if (pendingBytes > MAX_LINE_BYTES)
      throw new TermError('DUMP_DAMAGED', 'The dump has a line without end.');
  }
  if (pendingBytes > 0) throw new TermError('DUMP_DAMAGED', 'The dump ends in the middle of a line.');
}
