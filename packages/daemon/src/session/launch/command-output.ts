import type { ShellKind } from '@triterm/core/domain';

/**
 * What fish writes between its mark for the start of a command and the command itself: it turns the line editor's modes
 * off, sets the title, resets colours and returns the cursor to the first column.
 */
const FISH_PREAMBLE =
  /^(?:\x1b\[\?\d+l|\x1b\[[<=>][\d;]*[mu]|\x1b>|\x1b\]0;[^\x07\x1b]*(?:\x07|\x1b\\))*(?:\x1b\[30m)?(?:\x1b\(B)?\x1b\[m(?:\x0f|\x1b\(B)?\r/;
/** Longer than any preamble: titles are short. */
const MAX_PREAMBLE_BYTES = 4096;

/** The output of a command alone, of the bytes between the shell's marks for its start and its end. A view, not a copy. */
export function commandOutput(shell: ShellKind, marked: Buffer): Buffer {
  if (shell !== 'fish') return marked;
  const preamble = FISH_PREAMBLE.exec(marked.toString('latin1', 0, MAX_PREAMBLE_BYTES));
  return preamble === null ? marked : marked.subarray(preamble[0].length);
}
