/** What a notice needs of the screen that it is written over. */
export interface NoticeScreen {
  /** Whether there is a screen that may be written over. */
  isShown(): boolean;
  /** Writes over the last row. */
  write(text: string): void;
  /** Has the screen drawn again. */
  repair(): void;
}

/** A brief notice is shown so long. */
const BRIEF_MS = 1500;
/** Output that rests for this long is not about to overwrite what was repaired. */
const REST_MS = 150;
/** Output that never rests is interrupted after this time. */
const LATEST_MS = 5000;

/**
 * Tells the person something on a screen that belongs to a program. The screen is repaired when the notice is over and
 * the output rests: a repair skips output that is under way, and a flood carries the notice away anyway.
 */
export class Notices {
  readonly #screen: NoticeScreen;
  #timer: NodeJS.Timeout | undefined;
  #state: 'none' | 'waiting' | 'shown' | 'over' | 'repairing' = 'none';
  #overAtMs = 0;

  constructor(screen: NoticeScreen) {
    this.#screen = screen;
  }

  /** Shows the text, after a while if so wished, until `over`. */
  say(text: string, afterMs = 0): void {
    clearTimeout(this.#timer);
    this.#state = this.#state === 'none' || this.#state === 'waiting' ? 'waiting' : 'shown';
    if (afterMs === 0) this.#show(text);
    else this.#timer = setTimeout(() => this.#show(text), afterMs);
  }

  sayBriefly(text: string, forMs = BRIEF_MS): void {
    this.say(text);
    this.#timer = setTimeout(() => this.over(), forMs);
  }

  /** What there was to say is not so any more. */
  over(): void {
    clearTimeout(this.#timer);
    if (this.#state === 'waiting') this.#state = 'none';
    if (this.#state !== 'shown' && this.#state !== 'repairing') return;
    this.#state = 'over';
    this.#overAtMs = performance.now();
    this.#repairSoon();
  }

  /** There is a connection, and with `isDrawn` the whole screen is drawn again. */
  attached(isDrawn: boolean): void {
    if (isDrawn) this.forget();
    else this.over();
  }

  /** Output was written to the screen. */
  output(): void {
    if (this.#state === 'over') this.#repairSoon();
  }

  /** The screen is not there any more, or drawn again. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#state = 'none';
  }

  #show(text: string): void {
    if (!this.#screen.isShown()) return;
    this.#state = 'shown';
    this.#screen.write(text);
  }

  #repairSoon(): void {
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#overAtMs + LATEST_MS - performance.now());
    this.#timer = setTimeout(
      () => {
        this.#state = 'repairing';
        this.#screen.repair();
      },
      Math.min(REST_MS, leftMs),
    );
  }
}
