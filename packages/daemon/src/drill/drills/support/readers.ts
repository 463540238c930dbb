import { setTimeout as pause } from 'node:timers/promises';

/** What is answered from memory must not keep anything else from happening. */
const PAUSE_MS = 1;

/** Many who ask for the same thing again and again, and note whether it is there. */
export class Readers {
  answersBefore = 0;
  answersAfter = 0;
  /** Answers that had it although they were asked for after the mark. */
  seenAfter = 0;
  /** The first question that got no answer. */
  trouble: string | undefined;
  readonly #seen: boolean[];
  readonly #ask: (reader: number) => Promise<boolean>;
  #running: Promise<unknown> = Promise.resolve();
  #isMarked = false;
  #isStopped = false;

  private constructor(count: number, ask: (reader: number) => Promise<boolean>) {
    this.#seen = Array.from({ length: count }, () => false);
    this.#ask = ask;
  }

  static begin(count: number, ask: (reader: number) => Promise<boolean>): Readers {
    const readers = new Readers(count, ask);
    readers.#running = Promise.all(readers.#seen.map((_, reader) => readers.#read(reader)));
    return readers;
  }

  /** Whether each of them has seen it at least once. */
  get haveSeen(): boolean {
    return this.#seen.every(Boolean);
  }

  /** From now on it must not be there. */
  mark(): void {
    this.#isMarked = true;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #read(reader: number): Promise<void> {
    while (!this.#isStopped) {
      const isAfter = this.#isMarked;
      try {
        const isThere = await this.#ask(reader);
        if (isThere) this.#seen[reader] = true;
        if (isAfter) this.answersAfter += 1;
        else this.answersBefore += 1;
        if (isAfter && isThere) this.seenAfter += 1;
      } catch (thrown) {
        this.trouble ??= thrown instanceof Error ? thrown.message : String(thrown);
        return;
      }
      await pause(PAUSE_MS);
    }
  }
}
