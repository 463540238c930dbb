import type { ModelListener } from './model/model-listener.ts';
import type { ShellMark } from './screen.ts';
import type { ScreenEvent } from './worker-messages.ts';

type ModelMark = Parameters<ModelListener['mark']>[0];

/** Notifications of one batch; more are a nuisance, not news. */
const MAX_NOTIFICATIONS = 16;
const MAX_TEXT_CHARACTERS = 4096;
/** Answers at one place; there are several only where one sequence asks for much, or a flood of them asks. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Gathers what the terminal model tells while it is fed, with the place in the log where it happened. Of titles, directories
 * and bells only the last of a batch counts.
 */
export class EventCollector implements ModelListener {
  #events: ScreenEvent[] = [];
  #title: ScreenEvent | undefined;
  #cwd: ScreenEvent | undefined;
  #bell: ScreenEvent | undefined;
  #notifications = 0;
  #offset = 0;
  #start = 0;
  readonly #onHistoryCleared: () => void;
  readonly #onRowsPiledUp: () => void;
  readonly #onMark: (event: Extract<ScreenEvent, { kind: 'mark' }>) => void;

  constructor(
    onHistoryCleared: () => void,
    onRowsPiledUp: () => void,
    onMark: (event: Extract<ScreenEvent, { kind: 'mark' }>) => void,
  ) {
    this.#onHistoryCleared = onHistoryCleared;
    this.#onRowsPiledUp = onRowsPiledUp;
    this.#onMark = onMark;
  }

  /** What is told from here on was caused by the sequence between these offsets. */
  at(start: number, end: number): void {
    this.#start = start;
    this.#offset = end;
  }

  get size(): number {
    return this.#events.length;
  }

  /** What came since the last call, in order; the last title, directory and bell at their end. */
  drain(): ScreenEvent[] {
    const last = [this.#title, this.#cwd, this.#bell].filter(event => event !== undefined);
    const events = [...this.#events, ...last];
    this.#events = [];
    this.#title = undefined;
    this.#cwd = undefined;
    this.#bell = undefined;
    this.#notifications = 0;
    return events;
  }

  /** Answers at one place go together: the host takes one for each place. */
  answer(data: Uint8Array): void {
    const last = this.#events.findLastIndex(event => event.kind === 'answer');
    const before = this.#events[last];
    if (before?.kind !== 'answer' || before.offset !== this.#offset) {
      this.#events.push({ kind: 'answer', offset: this.#offset, data });
      return;
    }
    // A flood of questions waits for no answer.
    if (before.data.length > MAX_ANSWER_BYTES) return;
    const joined = new Uint8Array(before.data.length + data.length);
    joined.set(before.data);
    joined.set(data, before.data.length);
    this.#events[last] = { ...before, data: joined };
  }

  title(title: string): void {
    this.#title = { kind: 'title', offset: this.#offset, title: title.slice(0, MAX_TEXT_CHARACTERS) };
  }

  cwd(cwd: string): void {
    this.#cwd = { kind: 'cwd', offset: this.#offset, cwd };
  }

  bell(): void {
    this.#bell = { kind: 'bell', offset: this.#offset };
  }

  notification(body: string): void {
    this.#notifications += 1;
    if (this.#notifications > MAX_NOTIFICATIONS) return;
    this.#events.push({
      kind: 'notification',
      offset: this.#offset,
      body: body.slice(0, MAX_TEXT_CHARACTERS),
    });
  }

  mark(mark: ModelMark): void {
    const offset = this.#offset;
    const event: Extract<ScreenEvent, { kind: 'mark' }> = {
      kind: 'mark',
      mark:
        mark.kind === 'commandFinished' ? { ...mark, offset, endOffset: this.#start } : { ...mark, offset },
    };
    this.#events.push(event);
    this.#onMark(event);
  }

  /** A mark that stands in the checkpoint: the state that the shell was in there. */
  retell(mark: ShellMark): void {
    const event = { kind: 'mark', mark } as const;
    this.#events.push(event);
    this.#onMark(event);
  }

  historyCleared(): void {
    this.#onHistoryCleared();
  }

  rowsPiledUp(): void {
    this.#onRowsPiledUp();
  }
}
