import { TermError } from '@triterm/core/errors';
import type { Checkpoint } from '../screen/screen.ts';

/** Log beyond the last checkpoint at which the next is made, so that the host can trim before its log is full. */
const DUE_BYTES = 32 * 1024 * 1024;
/** Output stops for this long: a checkpoint is made. */
const IDLE_MS = 1000;
/** Output that never stops: a checkpoint is made all the same after this long. */
const LATEST_MS = 5000;

export interface CheckpointerOptions {
  /** Offset of the checkpoint that the host holds; 0 for none. */
  readonly offset: number;
  /** State at the end of what was written. Rejects while there is no screen. */
  make(): Promise<Checkpoint>;
  /** Gives it to the host and to the disk. */
  deliver(checkpoint: Checkpoint): void;
  trouble(what: string, error: unknown): void;
}

/** When a session's checkpoints are made: one at a time, when the output rests, and now and then when it never does. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #offset: number;
  #underWay: Promise<Checkpoint | undefined> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #unsavedSinceMs = 0;
  #closed = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#offset = options.offset;
  }

  /** Offset of the last checkpoint; 0 for none. */
  get offset(): number {
    return this.#offset;
  }

  /** The screen changed; the log ends at `end`. */
  changed(end: number): void {
    if (end - this.#offset > DUE_BYTES && this.#underWay === undefined) void this.make();
    const nowMs = performance.now();
    if (this.#idleTimer === undefined) this.#unsavedSinceMs = nowMs;
    else if (nowMs - this.#unsavedSinceMs > LATEST_MS - IDLE_MS) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      void this.make();
    }, IDLE_MS).unref();
  }

  /** Makes one that holds everything so far. Undefined when it failed, which was told. */
  async make(): Promise<Checkpoint | undefined> {
    while (this.#underWay !== undefined) await this.#underWay;
    if (this.#closed) return undefined;
    this.#underWay = this.#make().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
  }

  async #make(): Promise<Checkpoint | undefined> {
    try {
      const checkpoint = await this.#options.make();
      this.#offset = checkpoint.offset;
      this.#options.deliver(checkpoint);
      return checkpoint;
    } catch (error) {
      // A screen that was closed meanwhile is nobody's trouble.
      if (!this.#closed || TermError.from(error).code !== 'NO_SCREEN')
        this.#options.trouble('making a checkpoint', error);
      return undefined;
    }
  }
}
