import { setTimeout as pause } from 'node:timers/promises';
import type { SessionRow } from '@triterm/core/store';
import type { Told } from '../session/event-bus.ts';
import { FleetEventsArrival } from './fleet-events-arrival.ts';
import { aspectsIn } from './fleet-events-aspects.ts';
import { decodeMessage } from './fleet-events-message.ts';
import { FleetEventsPicture } from './fleet-events-picture.ts';

/** How often the channel is tried, and the database asked while that fails. */
const TICK_MS = 1000;
/** The channel works while an own heartbeat came back this recently. */
const LIVE_MS = 2500;
/** What was missed is in the database by then: owners store changes a moment after they tell of them. */
const MISSED_MS = 2000;
/** Nobody who begins to listen waits longer for the database. */
const READY_MS = 2000;

export interface FleetEventsListenerOptions {
  readonly serverId: string;
  /** Names this process among all that send. */
  readonly from: string;
  /** Whether there are servers to hear of. Never rejects. */
  hasOthers(): Promise<boolean>;
  /** Whether everybody who tells something can be heard: what comes back to us may go by another way than what others send. */
  isWhole(): boolean;
  /** Sends what comes back to us if we hear; rejects when it can't be sent. */
  beat(): Promise<void>;
  /** All live sessions, by the database. Rejects when that can't be asked. */
  list(): Promise<readonly SessionRow[]>;
  tell(told: Told): void;
  /** The database could not be asked; it is tried again. Called once until it answers. */
  trouble(thrown: unknown): void;
}

/**
 * Hears of other servers what happens there, while somebody wants to know: by hints, and where those are missing, late or lost by
 * comparing what the database has with what was told.
 */
export class FleetEventsListener {
  readonly #options: FleetEventsListenerOptions;
  readonly #picture: FleetEventsPicture;
  readonly #arrival = new FleetEventsArrival();
  readonly #timer: NodeJS.Timeout;
  /** Resolves when it knows what there is, or at a deadline: what happens from then on is told. Never rejects. */
  readonly ready: Promise<void>;
  #hasBegun = false;
  #isLooking = false;
  #hasFailed = false;
  #isClosed = false;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  /** Until then something that was missed may turn up in the database. */
  #doubtfulUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: FleetEventsListenerOptions) {
    this.#options = options;
    this.#picture = new FleetEventsPicture(options.serverId);
    this.#timer = setInterval(() => void this.#tick(), TICK_MS).unref();
    this.ready = Promise.race([this.#look(), pause(READY_MS, undefined, { ref: false })]);
    void this.#tick();
  }

  /** Something came over the channel. */
  message(text: string): void {
    const message = decodeMessage(text);
    if (message === undefined) return;
    const { from, seq, events } = message;
    if (from === this.#options.from) {
      this.#heardAtMs = performance.now();
      return;
    }
    if (seq === undefined) return;
    const arrival = this.#arrival.came(from, seq);
    if (arrival === 'again') return;
    if (arrival !== 'next') this.gap();
    for (const told of events) {
      // What came after it was told already: the database knows how it ended.
      if (arrival === 'late' && leavesTrace(told)) continue;
      const verdict = this.#picture.heard(told, performance.now());
      if (verdict === 'news') this.#options.tell(told);
      else if (verdict === 'old') this.gap();
    }
  }

  /** Something was missed, or may have been. */
  gap(): void {
    this.#doubtfulUntilMs = performance.now() + MISSED_MS;
    void this.#look();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  async #tick(): Promise<void> {
    if (!(await this.#options.hasOthers()) || this.#isClosed) return;
    const nowMs = performance.now();
    if (nowMs - this.#heardAtMs > LIVE_MS || !this.#options.isWhole())
      this.#doubtfulUntilMs = nowMs + MISSED_MS;
    // It is noticed by its not coming back.
    this.#options.beat().catch(() => {});
    if (!this.#hasBegun || nowMs < this.#doubtfulUntilMs) void this.#look();
  }

  /** Asks the database. When that is away the next tick asks again: the channel is silent then, or what was missed is still missing. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const nowMs = performance.now();
    const listedAt = Date.now();
    try {
      const rows = await this.#options.list();
      if (this.#isClosed) return;
      if (this.#hasBegun) {
        const { missed, isSettled } = this.#picture.compare(rows, nowMs, listedAt);
        for (const told of missed) this.#options.tell(told);
        if (!isSettled) this.#doubtfulUntilMs = performance.now() + MISSED_MS;
      } else {
        this.#picture.begin(rows);
        this.#hasBegun = true;
      }
      this.#hasFailed = false;
    } catch (thrown) {
      this.#doubtfulUntilMs = performance.now() + MISSED_MS;
      if (!this.#hasFailed && !this.#isClosed) this.#options.trouble(thrown);
      this.#hasFailed = true;
    } finally {
      this.#isLooking = false;
    }
  }
}

/** Whether the database shows that it happened. */
function leavesTrace({ event }: Told): boolean {
  return event.type === 'removed' || Object.keys(aspectsIn(event)).length > 0;
}
