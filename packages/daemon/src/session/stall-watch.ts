import type { Attachment } from './attachment.ts';

/** How often stalled clients are looked for while one may hold the program. */
const CHECK_MS = 50;

/** Leaves behind clients that hold the program and take nothing. */
export class StallWatch {
  readonly #attachments: ReadonlySet<Attachment>;
  readonly #streamWaits: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `streamWaits`: whether the program is held, or about to be. */
  constructor(attachments: ReadonlySet<Attachment>, streamWaits: () => boolean) {
    this.#attachments = attachments;
    this.#streamWaits = streamWaits;
  }

  /** Looks from now on, for as long as one may stall. */
  watch(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#look()) this.watch();
    }, CHECK_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Whether one may still stall. */
  #look(): boolean {
    const nowMs = performance.now();
    const streamWaits = this.#streamWaits();
    let mayStall = false;
    for (const attachment of this.#attachments) {
      if (attachment.stalled(nowMs, streamWaits)) attachment.leaveBehind();
      mayStall ||= attachment.mayStall;
    }
    return mayStall;
  }
}
