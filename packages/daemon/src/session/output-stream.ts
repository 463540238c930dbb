import type { Pty, PtySink } from '../pty/pty.ts';

/** Bytes that the host may send ahead of what was consumed. */
const CREDIT_BYTES = 512 * 1024;
/** Credit is renewed in steps, not for every chunk. */
const CREDIT_STEP_BYTES = 128 * 1024;

/**
 * A session's one subscription to its PTY's log: grants credit while its consumers keep up, and starts again at an older
 * offset when a client resumes there. Every consumer skips what it has.
 */
export class OutputStream {
  readonly #pty: Pty;
  readonly #sink: PtySink;
  readonly #mayFlow: () => boolean;
  /** Where the next bytes stand. */
  #head: number;
  #granted = 0;
  /** Subscriptions are made one after the other; bytes of an older one do not count. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(pty: Pty, head: number, sink: PtySink, mayFlow: () => boolean) {
    this.#pty = pty;
    this.#head = head;
    this.#mayFlow = mayFlow;
    this.#sink = {
      ...sink,
      checkpoint: (offset, bytes) => {
        this.#head = offset;
        sink.checkpoint(offset, bytes);
      },
      output: (offset, bytes) => {
        this.#head = offset + bytes.length;
        sink.output(offset, bytes);
        this.grant();
      },
    };
  }

  get head(): number {
    return this.#head;
  }

  /** The host may send no more: consumers are slow. */
  get waits(): boolean {
    return !this.#mayFlow();
  }

  /** Begins, or begins again. Throws TOO_LARGE when the log does not reach back so far. */
  start(from: { offset: number; fromCheckpoint: boolean; sizeGeneration: number }): Promise<void> {
    const next = this.#starting.then(async () => {
      const before = this.#head;
      this.#head = from.offset;
      this.#granted = from.offset + CREDIT_BYTES;
      try {
        await this.#pty.subscribe({ ...from, creditThrough: this.#granted }, this.#sink);
        this.grant();
      } catch (thrown) {
        this.#head = before;
        throw thrown;
      }
    });
    this.#starting = next.catch(() => {});
    return next;
  }

  /** Lets the host go on when its consumers kept up. */
  grant(): void {
    const through = this.#head + CREDIT_BYTES;
    if (through - this.#granted < CREDIT_STEP_BYTES || !this.#mayFlow()) return;
    this.#granted = through;
    this.#pty.credit(through);
  }
}
