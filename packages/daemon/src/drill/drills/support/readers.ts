import { setTimeout as pause } from 'node:timers/promises';

/** What is answered from memory must not keep anything else from happening. */
const PAUSE_MS = 1;

/** Many who ask for the same thing again and again, and note whether it is there. */
export class Readers {
  answersBefore = 0;
  /** Answers that had it although they were asked for after the mark. */
  seenAfter = 0;
  /** The first question that got no answer. */
  trouble: string | undefined;
  readonly #seen: boolean[];
  readonly #answersAfter: number[];
  readonly #ask: (reader: number) => Promise<boolean>;
  #running: Promise<unknown> = Promise.resolve();
  #isMarked = false;
  #isStopped = false;

  private constructor(count: number, ask: (reader: number) => Promise<boolean>) {
    this.#seen = Array.from({ length: count }, () => false);
    this.#answersAfter = Array.from({ length: count }, () => 0);
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

  /** Of all of them, to what was asked after the mark. */
  get answersAfter(): number {
    return this.#answersAfter.reduce((sum, answers) => sum + answers, 0);
  }

  /** Whether each of them has got so many answers to what it asked after the mark. */
  haveAsked(times: number): boolean {
    return this.#answersAfter.every(answers => answers >= times);
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
        if (isAfter) this.#answersAfter[reader] = (this.#answersAfter[reader] ?? 0) + 1;
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
