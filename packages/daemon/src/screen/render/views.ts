import type { WindowSize } from '@triterm/core/domain';
import { type Frame, type FrameSource, takeFrame } from './frame.ts';
import { frameDiff } from './frame-diff.ts';

/** Views whose last frame is remembered; the one that was used longest ago is sent everything anew. */
const MAX_VIEWS = 256;

/** The last frame of every client that is sent frames. */
export class Views {
  readonly #frames = new Map<string, Frame>();

  /** The bytes that bring this client up to date; empty when nothing changed. */
  render(view: string, source: FrameSource, window: WindowSize, reset: boolean): Uint8Array {
    const last = this.#frames.get(view);
    const frame = takeFrame(source, window, last?.viewport ?? { top: 0, left: 0 });
    this.#frames.delete(view);
    this.#frames.set(view, frame);
    if (this.#frames.size > MAX_VIEWS) {
      for (const oldest of this.#frames.keys()) {
        this.#frames.delete(oldest);
        break;
      }
    }
    return new Uint8Array(Buffer.from(frameDiff(reset ? undefined : last, frame)));
  }

  drop(view: string): void {
    this.#frames.delete(view);
  }

  clear(): void {
    this.#frames.clear();
  }
}
