import { sameSize, type WindowSize } from '@triterm/core/domain';
import { terminalReset } from '@triterm/core/terminal';
import { decodeCheckpoint, encodeCheckpoint } from '../screen/checkpoint-envelope.ts';
import type { Screen } from '../screen/screen.ts';

/**
 * The state that a recreated session begins with: the old screen scrolled up, a marker below it with what there is to say of the new
 * one, the modes of a new terminal; as a checkpoint at offset 0, where the new program's output begins.
 */
export async function rebasedCheckpoint(
  screen: Screen,
  size: WindowSize,
  notices: readonly string[] = [],
  now: Date = new Date(),
): Promise<Uint8Array> {
  const last = await screen.checkpoint();
  const before = decodeCheckpoint(last.bytes);
  if (!sameSize(before, size)) screen.resize(last.offset, size, last.sizeGeneration + 1);
  const made = `recreated ${now.toISOString().slice(0, 19)}Z; what ran above is gone`;
  const marker = [made, ...notices].map(
    text => `\x1b[2m\u2500\u2500 ${printable(text)} \u2500\u2500\x1b[0m\r\n`,
  );
  const bytes = Buffer.concat([
    Buffer.from(terminalReset()),
    Buffer.from(`\x1b[${size.rows};1H${'\r\n'.repeat(size.rows)}\x1b[H${marker.join('')}`),
  ]);
  screen.write(last.offset, bytes);
  const { bytes: after } = await screen.checkpoint();
  return encodeCheckpoint({ ...decodeCheckpoint(after), offset: 0, sizeGeneration: 0 });
}

/** A directory may be called anything. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
