/** What can be worked on a slice at a time. */
export interface Sliced {
  /** Somebody waits for an answer. */
  readonly isAsked: boolean;
  /** Does a slice. True while there is more to do at once. */
  step(): boolean;
}

/** After this many slices for those who are asked, one goes to the others. */
const ASKED_IN_A_ROW = 3;
/** So long slices are done before messages are received again. */
const TURN_MS = 4;

/**
 * Shares the thread: slices in turn, those that somebody waits for before those that only catch up. Between turns the thread's
 * messages come in, so a request waits for one slice at most before it has its place.
 */
export class Scheduler<T extends Sliced> {
  #asked: T[] = [];
  #others: T[] = [];
  #askedInARow = 0;
  #scheduled = false;
  /** Called after every turn. */
  readonly #afterTurn: () => void;

  constructor(afterTurn: () => void) {
    this.#afterTurn = afterTurn;
  }

  /** It has something to do; not to be called again before its `step` has returned false. */
  add(item: T): void {
    (item.isAsked ? this.#asked : this.#others).push(item);
    this.#schedule();
  }

  /** Somebody waits for it now. */
  promote(item: T): void {
    const at = this.#others.indexOf(item);
    if (at < 0) return;
    this.#others.splice(at, 1);
    this.#asked.push(item);
  }

  remove(item: T): void {
    this.#asked = this.#asked.filter(other => other !== item);
    this.#others = this.#others.filter(other => other !== item);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const untilMs = performance.now() + TURN_MS;
    do {
      const item = this.#next();
      if (item === undefined) break;
      if (item.step()) (item.isAsked ? this.#asked : this.#others).push(item);
    } while (performance.now() < untilMs);
    this.#afterTurn();
    if (this.#asked.length + this.#others.length > 0) this.#schedule();
  }

  #next(): T | undefined {
    const takesAsked = this.#others.length === 0 || this.#askedInARow < ASKED_IN_A_ROW;
    if (this.#asked.length > 0 && takesAsked) {
      this.#askedInARow += 1;
      return this.#asked.shift();
    }
    this.#askedInARow = 0;
    return this.#others.shift();
  }
}
