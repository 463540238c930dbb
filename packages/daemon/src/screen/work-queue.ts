import type { WindowSize } from '@triterm/core/domain';
import type { Cut } from './event-scanner.ts';
import type { Colours, ScreenRequest } from './worker-messages.ts';

/** What one screen has to do, in order. */
export type Work =
  | OutputWork
  | {
      readonly kind: 'resize';
      readonly offset: number;
      readonly size: WindowSize;
      readonly sizeGeneration: number;
    }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  | { readonly kind: 'colours'; readonly colours: Colours }
  | { readonly kind: 'dropView'; readonly view: string }
  | { readonly kind: 'request'; readonly id: number; readonly request: ScreenRequest };

export interface OutputWork {
  readonly kind: 'output';
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Where it must be divided, in order. */
  readonly cuts: readonly Cut[];
  /** A string's terminator ends so many bytes beyond. */
  readonly missingBytes: number;
}

/** First in, first out; counts the bytes and requests that wait. */
export class WorkQueue {
  #work: Work[] = [];
  #taken = 0;
  #bytes = 0;
  #requests = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get requests(): number {
    return this.#requests;
  }

  get isEmpty(): boolean {
    return this.#taken === this.#work.length;
  }

  push(work: Work): void {
    this.#work.push(work);
    this.#count(work, 1);
  }

  peek(): Work | undefined {
    return this.#work[this.#taken];
  }

  shift(): Work | undefined {
    const work = this.#work[this.#taken];
    if (work === undefined) return undefined;
    this.#taken += 1;
    this.#count(work, -1);
    if (this.#taken === this.#work.length || this.#taken > 1024) {
      this.#work.splice(0, this.#taken);
      this.#taken = 0;
    }
    return work;
  }

  /** Puts the rest of what was shifted last back to the front. */
  unshift(work: Work): void {
    if (this.#taken > 0) {
      this.#taken -= 1;
      this.#work[this.#taken] = work;
    } else {
      this.#work.unshift(work);
    }
    this.#count(work, 1);
  }

  #count(work: Work, sign: 1 | -1): void {
    if (work.kind === 'output') this.#bytes += sign * work.bytes.length;
    else if (work.kind === 'request') this.#requests += sign;
  }
}
