import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { errnoName } from '@triterm/core/errors';

/** A terminal that takes nothing for so long is not waited for when its last bytes are due. */
const DRAIN_STALL_MS = 5000;
/** The same for a process that is about to end. */
const NOW_TIMEOUT_MS = 200;

interface Write {
  readonly bytes: Uint8Array;
  readonly taken: (() => void) | undefined;
}

/**
 * Writes to a terminal without ever waiting for it: `process.stdout` blocks the whole process while the terminal is
 * slow, and Ctrl-C with it. Hands over one piece at a time, so that the rest can still be dropped.
 */
export class TerminalOutput {
  readonly #fd: number;
  readonly #stream: ReadStream;
  #queue: Write[] = [];
  #isWriting = false;
  #lastByte = 0;
  #wrote = 0;
  #gone = false;
  readonly #idle = new Set<() => void>();

  /** `gone`: the terminal was closed. */
  constructor(fd: number, gone: () => void) {
    this.#fd = fd;
    // A terminal is open both ways; Node's class for reading is the one that does not make it blocking.
    this.#stream = new ReadStream(fd);
    this.#stream.on('error', () => {
      this.#gone = true;
      this.#queue = [];
      this.#becameIdle();
      gone();
    });
  }

  /** The byte that was written last; 0 when there is none. */
  get lastByte(): number {
    return this.#lastByte;
  }

  /** Writes the pieces as one; `taken` is called when the terminal has them all. The bytes must not change. */
  write(pieces: readonly Uint8Array[], taken?: () => void): void {
    if (this.#gone) return;
    const filled = pieces.filter(piece => piece.length > 0);
    const last = filled.at(-1);
    for (const bytes of filled) this.#queue.push({ bytes, taken: bytes === last ? taken : undefined });
    if (last === undefined && taken !== undefined) this.#queue.push({ bytes: new Uint8Array(0), taken });
    this.#next();
  }

  /** Forgets what has not been handed over. False when that is nothing. */
  drop(): boolean {
    const hadMore = this.#queue.length > 0;
    this.#queue = [];
    return hadMore;
  }

  /** Resolves when the terminal has everything, or takes nothing any more. */
  async drained(stallMs: number = DRAIN_STALL_MS): Promise<void> {
    const stop = new AbortController();
    const idle = new Promise<void>(resolve => {
      if (this.#isIdle) resolve();
      else this.#idle.add(resolve);
    });
    await Promise.race([idle, this.#stalled(stallMs, stop.signal)]);
    stop.abort();
  }

  /** Writes before the process ends, while the event loop may not turn any more. */
  writeNow(text: string): void {
    let rest = Buffer.from(text);
    const deadline = performance.now() + NOW_TIMEOUT_MS;
    while (rest.length > 0 && !this.#gone && performance.now() < deadline) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (thrown) {
        if (errnoName(thrown) !== 'EAGAIN') return;
      }
    }
  }

  close(): void {
    this.drop();
    this.#gone = true;
    this.#stream.destroy();
  }

  get #isIdle(): boolean {
    return this.#gone || (!this.#isWriting && this.#queue.length === 0);
  }

  async #stalled(stallMs: number, signal: AbortSignal): Promise<void> {
    for (let before = -1; before !== this.#wrote; ) {
      before = this.#wrote;
      await pause(stallMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }

  #next(): void {
    if (this.#isWriting || this.#gone) return;
    const write = this.#queue.shift();
    if (write === undefined) {
      this.#becameIdle();
      return;
    }
    this.#isWriting = true;
    this.#lastByte = write.bytes.at(-1) ?? this.#lastByte;
    this.#stream.write(write.bytes, () => {
      this.#isWriting = false;
      this.#wrote += 1;
      if (!this.#gone) write.taken?.();
      this.#next();
    });
  }

  #becameIdle(): void {
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}
