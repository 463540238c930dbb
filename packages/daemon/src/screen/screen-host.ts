import { TermError, type WireError } from '@triterm/core/errors';
import { Scheduler } from './scheduler.ts';
import { ScreenSession, type SessionPort } from './screen-session.ts';
import type { FromWorker, ScreenResult, ToWorker } from './worker-messages.ts';

/** Unparsed output of all screens together from which on the largest backlogs are parsed without a reason. */
const TOTAL_BACKLOG_BYTES = 48 * 1024 * 1024;
/** How often rests are looked for. */
const REST_INTERVAL_MS = 1000;

/** Every screen of the thread: hands messages to them, shares the time, gathers what they tell. */
export class ScreenHost implements SessionPort {
  readonly #send: (messages: FromWorker[], transfers: ArrayBuffer[]) => void;
  readonly #sessions = new Map<number, ScreenSession>();
  readonly #scheduler = new Scheduler<ScreenSession>(() => this.#flush());
  /** Those that have something to tell. */
  readonly #touched = new Set<ScreenSession>();
  #outbox: FromWorker[] = [];
  #transfers: ArrayBuffer[] = [];
  #flushScheduled = false;

  constructor(send: (messages: FromWorker[], transfers: ArrayBuffer[]) => void) {
    this.#send = send;
    setInterval(() => this.#rest(), REST_INTERVAL_MS).unref();
  }

  receive(messages: readonly ToWorker[]): void {
    for (const message of messages) this.#receive(message);
    this.#boundBacklog();
  }

  due(session: ScreenSession): void {
    this.#scheduler.add(session);
  }

  asked(session: ScreenSession): void {
    this.#scheduler.promote(session);
  }

  reply(id: number, result: ScreenResult): void {
    const bytes =
      result !== null && typeof result === 'object' && 'bytes' in result ? result.bytes : undefined;
    if (bytes !== undefined && ownsItsBuffer(bytes)) this.#transfers.push(bytes.buffer);
    this.#post({ kind: 'reply', id, result });
  }

  refuse(id: number, error: WireError): void {
    this.#post({ kind: 'refusal', id, error });
  }

  trouble(session: ScreenSession, message: string): void {
    this.#post({ kind: 'trouble', screen: session.key, message });
  }

  stepped(session: ScreenSession): void {
    this.#touched.add(session);
    this.#flushSoon();
  }

  #receive(message: ToWorker): void {
    if (message.kind === 'open') {
      const opened = new ScreenSession(message.screen, message.options, this);
      this.#sessions.set(message.screen, opened);
      this.stepped(opened);
      return;
    }
    const session = this.#sessions.get(message.screen);
    if (session === undefined) {
      if (message.kind === 'request') {
        this.refuse(message.id, new TermError('NO_SCREEN', 'The screen is closed.').toWire());
      }
      return;
    }
    if (message.kind !== 'close') {
      session.receive(message);
      return;
    }
    this.#sessions.delete(message.screen);
    this.#scheduler.remove(session);
    this.#touched.delete(session);
    session.close();
  }

  #boundBacklog(): void {
    let totalBytes = 0;
    for (const session of this.#sessions.values()) totalBytes += session.backlogBytes;
    if (totalBytes <= TOTAL_BACKLOG_BYTES) return;
    const largestFirst = [...this.#sessions.values()].sort((a, b) => b.backlogBytes - a.backlogBytes);
    for (const session of largestFirst) {
      if (totalBytes <= TOTAL_BACKLOG_BYTES / 2) return;
      totalBytes -= session.backlogBytes;
      session.makeDue();
    }
  }

  #rest(): void {
    const nowMs = performance.now();
    for (const session of this.#sessions.values()) session.rest(nowMs);
  }

  #post(message: FromWorker): void {
    this.#outbox.push(message);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Everything that came up since, in one message: what is told before what was answered after it. */
  #flush(): void {
    this.#flushScheduled = false;
    const told: FromWorker[] = [];
    for (const session of this.#touched) {
      const { events, parsedBytes } = session.report();
      if (events.length > 0) told.push({ kind: 'events', screen: session.key, events });
      if (parsedBytes > 0)
        told.push({ kind: 'parsed', screen: session.key, offset: session.offset, bytes: parsedBytes });
    }
    this.#touched.clear();
    const messages = [...told, ...this.#outbox];
    const transfers = this.#transfers;
    this.#outbox = [];
    this.#transfers = [];
    if (messages.length > 0) this.#send(messages, transfers);
  }
}

function ownsItsBuffer(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
}
