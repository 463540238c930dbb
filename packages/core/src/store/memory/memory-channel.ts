import { TermError } from '../../errors/index.ts';
import { type ChannelListener, checkMessage, type EventChannel } from '../event-channel.ts';

/** The channels of one process: what is published on one reaches all that listen, later and in order. */
export class MemoryHub {
  readonly #listeners = new Set<ChannelListener>();

  channel(): EventChannel {
    return new MemoryEventChannel(this.#listeners);
  }

  /** Tells all listeners that messages may be missing. */
  interrupt(): void {
    for (const listener of [...this.#listeners]) listener.gap();
  }
}

class MemoryEventChannel implements EventChannel {
  readonly #listeners: Set<ChannelListener>;
  #own: ChannelListener | undefined;
  #closed = false;

  constructor(listeners: Set<ChannelListener>) {
    this.#listeners = listeners;
  }

  async publish(message: string): Promise<void> {
    this.#refuseClosed();
    checkMessage(message);
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener.message(message);
      });
    }
  }

  async subscribe(listener: ChannelListener): Promise<void> {
    this.#refuseClosed();
    this.#leave();
    // One of its own: the same listener may be on several channels.
    this.#own = { message: text => listener.message(text), gap: () => listener.gap() };
    this.#listeners.add(this.#own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#own !== undefined) this.#listeners.delete(this.#own);
    this.#own = undefined;
  }

  #refuseClosed(): void {
    if (this.#closed) throw new TermError('CACHE_UNAVAILABLE', 'The channel was closed.');
  }
}
