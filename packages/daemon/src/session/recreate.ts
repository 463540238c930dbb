import { sameSize, type WindowSize } from '@triterm/core/domain';
import { terminalReset } from '@triterm/core/terminal';
import { decodeCheckpoint, encodeCheckpoint } from '../screen/checkpoint-envelope.ts';
import type { Screen } from '../screen/screen.ts';

/**
 * The state that a recreated session begins with: the old screen scrolled up, a marker below it, the modes of a new terminal; as
 * a checkpoint at offset 0, where the new program's output begins.
 */
export async function rebasedCheckpoint(
  screen: Screen,
  size: WindowSize,
  now: Date = new Date(),
): Promise<Uint8Array> {
  const last = await screen.checkpoint();
  const before = decodeCheckpoint(last.bytes);
  if (!sameSize(before, size)) screen.resize(last.offset, size, last.sizeGeneration + 1);
  const marker = `\u2500\u2500 recreated ${now.toISOString().slice(0, 19)}Z; what ran above is gone \u2500\u2500`;
  const bytes = Buffer.concat([
    Buffer.from(terminalReset()),
    Buffer.from(`\x1b[${size.rows};1H${'\r\n'.repeat(size.rows)}\x1b[H\x1b[2m${marker}\x1b[0m\r\n`),
  ]);
  screen.write(last.offset, bytes);
  const { bytes: after } = await screen.checkpoint();
  return encodeCheckpoint({ ...decodeCheckpoint(after), offset: 0, sizeGeneration: 0 });
}
