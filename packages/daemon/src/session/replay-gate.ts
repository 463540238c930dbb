/** How long a client may wait until what an earlier daemon knew is known again. */
const REPLAY_MS = 5000;

/** Holds back clients of an earlier daemon until the stream has come to where that one had it. */
export class ReplayGate {
  /** What stands before this offset belongs to an earlier daemon's time. */
  readonly throughOffset: number;
  #isOpen = false;
  #waiting: (() => void)[] = [];

  constructor(throughOffset: number) {
    this.throughOffset = throughOffset;
  }

  /** Until the stream has come there, at most a while. `head`: where it stands now. */
  passed(head: number): Promise<void> {
    if (this.#isOpen || head >= this.throughOffset) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, REPLAY_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The stream stands at `head`. */
  reached(head: number): void {
    if (head >= this.throughOffset) this.#release();
  }

  /** Nobody waits any more. */
  open(): void {
    this.#isOpen = true;
    this.#release();
  }

  #release(): void {
    for (const release of this.#waiting.splice(0)) release();
  }
}
