import type { Told } from '../session/event-bus.ts';
import { MAX_PACKED_BYTES, type PackedEvent, packEvent } from './fleet-events-message.ts';

/** Events that may wait to be told to other servers. */
const MAX_WAITING = 1000;
/** What comes often and matters least: given up first. */
const CHATTY: ReadonlySet<Told['event']['type']> = new Set(['title', 'cwd', 'bell']);

/** Events that wait to be told to other servers, in their order. Bounded: then the oldest chatty one is given up, else the oldest. */
export class FleetEventsOutbox {
  #waiting: PackedEvent[] = [];
  #chatty = 0;
  #lost = false;

  /** There is something to tell: events, or that some were given up. */
  get isDue(): boolean {
    return this.#waiting.length > 0 || this.#lost;
  }

  add(told: Told): void {
    this.#waiting.push(packEvent(told));
    if (isChatty(told)) this.#chatty += 1;
    if (this.#waiting.length <= MAX_WAITING) return;
    const at = this.#chatty > 0 ? this.#waiting.findIndex(({ told: other }) => isChatty(other)) : 0;
    const [given] = this.#waiting.splice(at, 1);
    if (given !== undefined && isChatty(given.told)) this.#chatty -= 1;
    this.#lost = true;
  }

  /** Events were lost on their way, or before they came here. */
  lose(): void {
    this.#lost = true;
  }

  /** As many as go into one message, and whether some that came before them are lost. */
  take(): { readonly events: readonly PackedEvent[]; readonly lost: boolean } {
    let bytes = 0;
    let count = 0;
    for (const event of this.#waiting) {
      bytes += event.bytes;
      if (bytes > MAX_PACKED_BYTES) break;
      count += 1;
    }
    const events = this.#waiting.splice(0, count);
    for (const { told } of events) if (isChatty(told)) this.#chatty -= 1;
    const lost = this.#lost;
    this.#lost = false;
    return { events, lost };
  }

  clear(): void {
    this.#waiting = [];
    this.#chatty = 0;
    this.#lost = false;
  }
}

function isChatty({ event }: Told): boolean {
  return CHATTY.has(event.type);
}
