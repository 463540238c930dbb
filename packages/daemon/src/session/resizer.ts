import { sameSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Pty } from '../pty/pty.ts';

/** A resize that did not come back in the stream in this time will not come. */
const SETTLE_MS = 2000;

/**
 * Brings a PTY to the size that is wanted: one resize under way at a time, those in between are skipped, the last one always
 * wins. A size counts when its record has come in the stream.
 */
export class Resizer {
  readonly #pty: Pty;
  #size: WindowSize;
  #generation: number;
  #wanted: WindowSize | undefined;
  /** The generation that was asked for and has not come yet. */
  #underWay: number | undefined;
  #waiting: { done(): void; fail(error: unknown): void }[] = [];

  constructor(pty: Pty) {
    this.#pty = pty;
    this.#size = { cols: pty.info.cols, rows: pty.info.rows };
    this.#generation = pty.info.sizeGeneration;
  }

  get size(): WindowSize {
    return this.#size;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The size that the PTY is to have; `settled` tells when it has it. */
  want(size: WindowSize): void {
    this.#wanted = size;
    this.#next();
  }

  /**
   * Resolves when the size that was wanted last has come in the stream, or the program has ended; rejects with TIMEOUT, or as
   * `Pty.resize`.
   */
  settled(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = {
        done: () => {
          clearTimeout(timer);
          resolve();
        },
        fail: (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter(waiting => waiting !== waiter);
        reject(
          new TermError('TIMEOUT', 'The terminal did not take its new size in time.', {
            hint: 'Its machine or its pty-host is busy; try again.',
          }),
        );
      }, SETTLE_MS);
      this.#waiting.push(waiter);
    });
  }

  get #isSettled(): boolean {
    return this.#underWay === undefined && (this.#wanted === undefined || sameSize(this.#wanted, this.#size));
  }

  /** A resize record came. False when it is one of an earlier daemon's time, or was told before. */
  came(size: WindowSize, generation: number): boolean {
    if (generation <= this.#generation) return false;
    this.#generation = generation;
    this.#size = size;
    if (this.#underWay !== undefined && generation >= this.#underWay) this.#underWay = undefined;
    this.#next();
    return true;
  }

  /** To be called when the record's consequences have been carried out. */
  release(): void {
    if (!this.#isSettled) return;
    for (const waiter of this.#waiting.splice(0)) waiter.done();
  }

  #next(): void {
    const wanted = this.#wanted;
    if (this.#underWay !== undefined || wanted === undefined || sameSize(wanted, this.#size)) return;
    this.#underWay = this.#generation + 1;
    this.#pty.resize(wanted, this.#underWay).then(
      ({ applied }) => {
        if (!applied) this.#failed(wanted);
      },
      (error: unknown) => this.#failed(wanted, error),
    );
  }

  /** A size that was wanted meanwhile is asked for all the same. */
  #failed(asked: WindowSize, error?: unknown): void {
    this.#underWay = undefined;
    if (this.#wanted !== asked) {
      this.#next();
      return;
    }
    this.#wanted = undefined;
    for (const waiter of this.#waiting.splice(0)) {
      if (error === undefined) waiter.done();
      else waiter.fail(error);
    }
  }
}
