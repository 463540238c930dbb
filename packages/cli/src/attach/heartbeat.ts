/** Silence after which the daemon is asked for a sign of life. */
const SILENCE_MS = 1000;
/** How long it may take to give one. */
const ANSWER_MS = 1000;

export interface HeartbeatListener {
  /** Asks for any answer. */
  ping(): void;
  /** It does not answer. */
  silent(): void;
  /** It does again. */
  back(): void;
}

/** Notices a daemon that is connected and does not answer: one that hangs, or was stopped. */
export class Heartbeat {
  readonly #listener: HeartbeatListener;
  #heardAtMs = performance.now();
  #askedAtMs: number | undefined;
  #isSilent = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: HeartbeatListener) {
    this.#listener = listener;
  }

  /** Connected: watches from now on. */
  start(): void {
    this.stop();
    this.#heardAtMs = performance.now();
    this.#arm(SILENCE_MS);
  }

  /** Something came. */
  heard(): void {
    this.#heardAtMs = performance.now();
    this.#askedAtMs = undefined;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#listener.back();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#askedAtMs = undefined;
    this.#isSilent = false;
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    const nowMs = performance.now();
    const silentForMs = nowMs - this.#heardAtMs;
    if (silentForMs < SILENCE_MS) {
      this.#arm(SILENCE_MS - silentForMs);
      return;
    }
    this.#arm(ANSWER_MS);
    if (this.#askedAtMs === undefined) {
      this.#askedAtMs = nowMs;
      this.#listener.ping();
    } else if (!this.#isSilent) {
      this.#isSilent = true;
      this.#listener.silent();
    }
  }
}
