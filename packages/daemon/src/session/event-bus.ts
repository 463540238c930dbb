import type { SessionEvent } from '@triterm/core/protocol';

type Subscriber = (event: SessionEvent) => void;

/** Tells whoever subscribed what happens to sessions. */
export class EventBus {
  readonly #subscribers = new Map<Subscriber, string | undefined>();

  /** `session`: only that id's events. Returns what ends the subscription. */
  subscribe(session: string | undefined, subscriber: Subscriber): () => void {
    this.#subscribers.set(subscriber, session);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Something that concerns the server and no session. */
  emitOfServer(type: SessionEvent['type'], data: SessionEvent['data']): void {
    this.emit(type, { id: '', name: '' }, data);
  }

  emit(
    type: SessionEvent['type'],
    session: { readonly id: string; readonly name: string },
    data: SessionEvent['data'] = {},
  ): void {
    if (this.#subscribers.size === 0) return;
    const event: SessionEvent = {
      type,
      at: new Date().toISOString(),
      session: session.id,
      name: session.name,
      data,
    };
    for (const [subscriber, only] of this.#subscribers) {
      if (only === undefined || only === session.id) subscriber(event);
    }
  }
}
