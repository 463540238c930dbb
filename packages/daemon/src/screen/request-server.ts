import { TermError } from '@triterm/core/errors';
import { encodeCheckpoint } from './checkpoint-envelope.ts';
import type { History } from './history/history.ts';
import type { LineIndex } from './line-index.ts';
import type { ModelSlot } from './model-slot.ts';
import { Views } from './render/views.ts';
import type { Capture, Checkpoint, Paint, PaintOptions, Rendered, SearchMatch, ShellMark } from './screen.ts';
import type { LineSearch } from './search/line-search.ts';
import { compilePattern, firstMatch } from './search/pattern.ts';
import type { ScreenRequest, ScreenRequests, ScreenResult } from './worker-messages.ts';

/** What requests are answered from. */
export interface RequestSource {
  readonly slot: ModelSlot;
  readonly history: History;
  readonly lineIndex: LineIndex;
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly marks: readonly ShellMark[];
  readonly scrollbackLines: number;
  /** Permanent number of the logical line that the screen's top row belongs to. */
  readonly topLine: number;
  /** Packs rows beyond the live window, up to a slice of them. True while there are more. */
  packSlice(): boolean;
  /** Erases everything. */
  discard(): void;
}

/** UTF-8 bytes of history that a paint carries. */
const HISTORY_BYTES = 64 * 1024;
/** Larger ones don't fit a frame. */
const MAX_CHECKPOINT_BYTES = 4 * 1024 * 1024;

type Answer = (result: Promise<ScreenResult>) => void;

/** Answers the requests of one screen, long ones a slice at a time. */
export class RequestServer {
  readonly #source: RequestSource;
  readonly #views = new Views();
  /** Requests that need the old rows packed first. What comes after waits for them. */
  #waiting: { readonly request: ScreenRequest; readonly answer: Answer } | undefined;
  readonly #searches: { readonly search: LineSearch; readonly answer: Answer }[] = [];

  constructor(source: RequestSource) {
    this.#source = source;
  }

  /** Nothing else may be done before the request that came last. */
  get blocks(): boolean {
    return this.#waiting !== undefined;
  }

  get isBusy(): boolean {
    return this.blocks || this.#searches.length > 0;
  }

  serve(request: ScreenRequest): Promise<ScreenResult> {
    return new Promise((resolve, reject) => {
      const answer: Answer = result => void result.then(resolve, reject);
      if (needsPacking(request)) this.#waiting = { request, answer };
      else this.#answer(request, answer);
    });
  }

  /** Goes on with what takes longer. */
  step(): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      if (this.#source.packSlice()) return;
      this.#waiting = undefined;
      this.#answer(waiting.request, waiting.answer);
      return;
    }
    const running = this.#searches.shift();
    if (running === undefined) return;
    try {
      const result = running.search.step();
      if (result === undefined) this.#searches.push(running);
      else running.answer(Promise.resolve(result));
    } catch (error) {
      running.answer(Promise.reject(error));
    }
  }

  dropView(view: string): void {
    this.#views.drop(view);
  }

  #answer(request: ScreenRequest, answer: Answer): void {
    if (request.name === 'search') {
      try {
        this.#searches.push({ search: this.#search(request.params), answer });
      } catch (error) {
        answer(Promise.reject(error));
      }
      return;
    }
    answer((async () => this.#result(request))());
  }

  #result(request: Exclude<ScreenRequest, { name: 'search' }>): ScreenResult | Promise<ScreenResult> {
    switch (request.name) {
      case 'paint':
        return this.#paint(request.params);
      case 'render':
        return this.#render(request.params);
      case 'checkpoint':
        return this.#checkpoint();
      case 'capture':
        return this.#capture(request.params);
      case 'match':
        return firstMatch(
          compilePattern(request.params.pattern),
          this.#source.slot.look().screenLines(false),
        );
      case 'discard':
        this.#source.discard();
        this.#views.clear();
        return null;
    }
  }
}
