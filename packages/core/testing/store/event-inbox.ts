import type { ChannelListener } from '@triterm/core/store';

const DEADLINE_MS = 15_000;

/** Keeps what a channel tells, and waits for it. */
export class Inbox implements ChannelListener {
  readonly messages: string[] = [];
  gaps = 0;
  #wake: () => void = () => {};

  message(text: string): void {
    this.messages.push(text);
    this.#wake();
  }

  gap(): void {
    this.gaps += 1;
    this.#wake();
  }

  /** Resolves when it is so; rejects at a deadline, with what was heard. */
  async until(satisfied: (inbox: Inbox) => boolean): Promise<void> {
    const endMs = performance.now() + DEADLINE_MS;
    while (!satisfied(this)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`not heard; ${this.gaps} gaps and ${this.messages.join(' | ')}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
