import type { ShellKind } from '@triterm/core/domain';

/**
 * What fish itself writes behind its mark for the start of a command: bracketed paste off, the title, colours back to
 * normal, the cursor to the left (fish 3.6, `reader_run_command`). Each may be missing.
 */
const FISH_PREAMBLE =
  /^(?:\x1b\[\?2004l)?(?:\x1b\]0;[^\x07\x1b]*(?:\x07|\x1b\\))?(?:\x1b\[30m)?(?:\x1b\(B)?(?:\x1b\[0?m\x0f?\r?)?/;

/** A command's output without what its shell has put in front of it. */
export function commandOutput(shell: ShellKind, bytes: Buffer): Buffer {
  if (shell !== 'fish') return bytes;
  const [preamble = ''] = FISH_PREAMBLE.exec(bytes.toString('latin1', 0, MAX_PREAMBLE_BYTES)) ?? [];
  return bytes.subarray(preamble.length);
}

/** A title is as long as a command line. */
const MAX_PREAMBLE_BYTES = 64 * 1024;
