import { newScreen } from '@triterm/core/terminal';

/** A paint, which expects a new terminal, for a client's terminal that may be in any state. */
export function onNewScreen(paint: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(newScreen()), paint]);
}
