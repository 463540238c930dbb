/** One piece of work at a time. Of the values that come meanwhile, only the last one is worked on, for all who gave one. */
export class LatestWins<T> {
  readonly #work: (value: T) => Promise<void>;
  #underWay: Promise<void> | undefined;
  #next: { value: T; readonly done: Promise<void> } | undefined;

  constructor(work: (value: T) => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when this value, or a later one in its place, was worked on; rejects as that work does. */
  run(value: T): Promise<void> {
    if (this.#underWay === undefined) return this.#begin(value);
    if (this.#next !== undefined) this.#next.value = value;
    else
      this.#next = {
        value,
        done: this.#underWay.then(
          () => this.#beginNext(),
          () => this.#beginNext(),
        ),
      };
    return this.#next.done;
  }

  #begin(value: T): Promise<void> {
    const underWay = this.#work(value).finally(() => {
      if (this.#underWay === underWay) this.#underWay = undefined;
    });
    this.#underWay = underWay;
    return underWay;
  }

  #beginNext(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    return next === undefined ? Promise.resolve() : this.#begin(next.value);
  }
}
