import { TermError } from '@triterm/core/errors';
import type { LiveSession } from './live-session.ts';

/** A program that does not read takes no more than this. */
const TAKE_TIMEOUT_MS = 30_000;
/** Input is handed over in pieces of this size. */
const PIECE_BYTES = 64 * 1024;

/**
 * Types bytes into a session under a key of their own: a repetition with the same key types nothing twice. Resolves when the
 * program's terminal has taken them all. Rejects with TIMEOUT, saying how many it took, and with CONNECTION_LOST when `gone` aborts:
 * what it was not given by then is not typed.
 */
export async function typeInto(
  live: LiveSession,
  key: string,
  data: Uint8Array,
  gone?: AbortSignal,
): Promise<void> {
  if (data.length === 0) return;
  let told: (applied: number) => void = () => {};
  const input = await live.pty.openInput(key, applied => told(applied));
  let leave: () => void = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      let applied = input.inputOffset;
      let written = applied;
      const timer = setTimeout(() => {
        reject(
          new TermError('TIMEOUT', `The program took ${applied} of ${data.length} bytes.`, {
            hint: 'Look what it is doing with `triterm capture`, and send the rest when it reads.',
          }),
        );
      }, TAKE_TIMEOUT_MS);
      const onGone = () => reject(new TermError('CONNECTION_LOST', 'The client has gone.'));
      gone?.addEventListener('abort', onGone, { once: true });
      leave = () => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', onGone);
      };
      const go = () => {
        while (written < data.length && written - applied < 2 * PIECE_BYTES) {
          const piece = data.subarray(written, written + PIECE_BYTES);
          input.write(written, piece);
          written += piece.length;
        }
        if (applied >= data.length) resolve();
      };
      told = offset => {
        applied = Math.max(applied, offset);
        go();
      };
      go();
      if (gone?.aborted === true) onGone();
    });
  } finally {
    leave();
    told = () => {};
    input.close(false);
  }
}
