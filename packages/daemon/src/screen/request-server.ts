import { TermError } from '@triterm/core/errors';
import { jsonBytes } from '../json-bytes.ts';
import { capturedLines } from './captured-lines.ts';
import { encodeCheckpoint } from './checkpoint-envelope.ts';
import type { History, NumberedLine } from './history/history.ts';
import { screenLines } from './model-lines.ts';
import type { ModelSlot } from './model-slot.ts';
import { Views } from './render/views.ts';
import type {
  Capture,
  CaptureOptions,
  Checkpoint,
  Paint,
  PaintOptions,
  Rendered,
  ShellMark,
} from './screen.ts';
import { firstMatch, LineSearch, type NumberedLines } from './search/line-search.ts';
import { compilePattern } from './search/pattern.ts';
import type { ScreenRequest, ScreenRequests, ScreenResult } from './worker-messages.ts';

/** What requests are answered from. */
export interface RequestSource {
  readonly slot: ModelSlot;
  readonly history: History;
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly marks: readonly ShellMark[];
  readonly scrollbackLines: number;
  /** Permanent number of the logical line that the screen's top row belongs to. */
  readonly topLine: number;
  /** What `topLine` was at an earlier offset; undefined when that is forgotten. */
  topLineAt(offset: number): number | undefined;
  /** Packs rows beyond the live window, up to a slice of them. True while there are more. */
  packSlice(): boolean;
  /** Erases everything. */
  discard(): void;
}

/** UTF-8 bytes of history that a paint carries. */
const HISTORY_BYTES = 64 * 1024;
const LINE_END_BYTES = 2;
/** What lines and screen of a capture may take in a message, which holds a session too. */
const CAPTURE_BYTES = 4 * 1024 * 1024;
/** Beside a large screen: for one line at least. */
const MIN_SCROLLBACK_BYTES = 64 * 1024;
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
          screenLines(this.#source.slot.look(), false),
        );
      case 'discard':
        this.#source.discard();
        this.#views.clear();
        return null;
    }
  }

  #paint({ historyLines, missedSince }: PaintOptions): Paint {
    const { slot, offset, sizeGeneration } = this.#source;
    const model = slot.look();
    const from = missedSince === undefined ? 0 : (this.#source.topLineAt(missedSince) ?? 0);
    const history = model.alternateScreen ? [] : this.#paintedLines(from, historyLines);
    return { ...slot.size, offset, sizeGeneration, bytes: model.paint({ history }) };
  }

  #paintedLines(from: number, lines: number): string[] {
    const found: string[] = [];
    let roomBytes = HISTORY_BYTES;
    for (const { number, text } of lines > 0 ? this.#newestFirst(from) : []) {
      if (found.length >= lines) break;
      roomBytes -= Buffer.byteLength(text) + LINE_END_BYTES;
      if (roomBytes < 0) {
        const missing = number + 1 - Math.max(from, this.#oldestLine);
        found.push(leftOut(Math.min(missing, lines - found.length)));
        break;
      }
      found.push(text);
    }
    return found.reverse();
  }

  #render({ view, window, reset }: ScreenRequests['render']['params']): Rendered {
    const { slot, offset } = this.#source;
    return { offset, bytes: this.#views.render(view, slot.look(), window, reset) };
  }

  async #checkpoint(): Promise<Checkpoint> {
    const { slot, history, offset, sizeGeneration, marks } = this.#source;
    const bytes = encodeCheckpoint({
      ...slot.size,
      offset,
      sizeGeneration,
      packedBelow: history.end,
      historyFloor: history.floor,
      marks,
      model: slot.pack(),
    });
    if (bytes.length > MAX_CHECKPOINT_BYTES) {
      throw new TermError(
        'TOO_LARGE',
        `The screen's state takes ${bytes.length} bytes, more than a checkpoint may have.`,
      );
    }
    // Lines below `packedBelow` must be on disk before anybody relies on the checkpoint; erased ones go when one says so.
    await history.sync();
    history.settle();
    return { offset, sizeGeneration, bytes };
  }

  #capture({ ansi, scrollbackLines, before }: CaptureOptions): Capture {
    const { slot, offset } = this.#source;
    const model = slot.look();
    // Who asks for older lines has the screen.
    const screen = before === undefined ? model.screenRows(ansi) : [];
    const screenBytes = screen.reduce((sum, row) => sum + jsonBytes(row), 0);
    return {
      ...slot.size,
      offset,
      ...capturedLines(scrollbackLines > 0 ? this.#newestFirst(0, before) : [], {
        lines: scrollbackLines,
        ansi,
        bytes: Math.max(MIN_SCROLLBACK_BYTES, CAPTURE_BYTES - screenBytes),
      }),
      screen,
      cursor: model.cursor,
      alternateScreen: model.alternateScreen,
    };
  }

  #search({ pattern, flags, limit }: ScreenRequests['search']['params']): LineSearch {
    const { slot, history } = this.#source;
    const model = slot.look();
    const live = { first: history.end, lines: [...model.scrollback(), ...screenLines(model, true)] };
    return new LineSearch(
      compilePattern(pattern, flags),
      limit,
      inOrder(history.batches(this.#oldestLine), live),
    );
  }

  /** Lines above the screen from `from` on and below `before`, the newest first. */
  *#newestFirst(from: number, before = Number.POSITIVE_INFINITY): Generator<NumberedLine> {
    const { slot, history } = this.#source;
    const lowest = Math.max(from, this.#oldestLine);
    const live = slot.look().scrollback();
    const last = Math.min(live.length, before - history.end) - 1;
    for (let at = last; at >= 0 && history.end + at >= lowest; at -= 1)
      yield { number: history.end + at, text: live[at] ?? '' };
    yield* history.newestFirst(lowest, before);
  }

  /** Lines before this number are more than are kept. */
  get #oldestLine(): number {
    const { topLine, scrollbackLines, history } = this.#source;
    return Math.max(history.floor, topLine - scrollbackLines);
  }
}

/** Stands where a client's scrollback has a gap. */
function leftOut(lines: number): string {
  return `\x1b[2m\u2500\u2500 ${lines} earlier lines: triterm capture --scrollback \u2500\u2500\x1b[0m`;
}

function* inOrder(packed: Iterable<NumberedLines>, live: NumberedLines): Generator<NumberedLines> {
  yield* packed;
  yield live;
}

/** Whether the request would otherwise have to read many rows of the model at once. */
function needsPacking(request: ScreenRequest): boolean {
  switch (request.name) {
    case 'checkpoint':
    case 'search':
      return true;
    case 'paint':
      return request.params.historyLines > 0;
    case 'capture':
      return request.params.scrollbackLines > 0;
    default:
      return false;
  }
}
