import { setTimeout as pause } from 'node:timers/promises';
import type { DrillClaim, DrillMeasurement, DrillStep } from '@triterm/core/domain';

const LOOK_MS = 20;
const UNTIL_MS = 10_000;

/** A drill cannot go on, because something that it claims did not come true; that is told already. */
export class ClaimBroken extends Error {}

export interface StageEvents {
  step(what: string): void;
  claim(claim: DrillClaim): void;
  measurement(measurement: DrillMeasurement): void;
}

/** Where a drill says what it does, measures and sees. */
export class Stage {
  /** Aborts when the drill has to end: somebody interrupted it, or its time is over. */
  readonly signal: AbortSignal;
  readonly steps: DrillStep[] = [];
  readonly claims: DrillClaim[] = [];
  readonly measurements: DrillMeasurement[] = [];
  readonly #events: StageEvents;

  constructor(signal: AbortSignal, events: StageEvents) {
    this.signal = signal;
    this.#events = events;
  }

  /** One thing that is done; in the present tense. */
  async step<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.#events.step(what);
    const startedMs = performance.now();
    try {
      return await abortable(work(), this.signal);
    } finally {
      this.steps.push({ what, durationMs: Math.round(performance.now() - startedMs) });
    }
  }

  /** What has to be true. The drill goes on where it is not, and has failed. */
  claim(claim: string, held: boolean, found: unknown = ''): void {
    const told: DrillClaim = { claim, held, found: textOf(found) };
    this.claims.push(told);
    this.#events.claim(told);
  }

  /** What has to become true in time: looks until then. Rejects with ClaimBroken when it does not. Returns how long it took, in ms. */
  async until(
    claim: string,
    holds: () => boolean | Promise<boolean>,
    { withinMs = UNTIL_MS, found }: { withinMs?: number; found?: () => unknown } = {},
  ): Promise<number> {
    const startedMs = performance.now();
    let last: unknown;
    for (;;) {
      this.signal.throwIfAborted();
      try {
        last = undefined;
        if (await abortable(holds(), this.signal)) break;
      } catch (thrown) {
        this.signal.throwIfAborted();
        last = thrown;
      }
      if (performance.now() - startedMs > withinMs) {
        this.claim(
          claim,
          false,
          `not within ${withinMs} ms${last === undefined ? '' : `: ${messageOf(last)}`}${found === undefined ? '' : `: ${textOf(found())}`}`,
        );
        throw new ClaimBroken(claim);
      }
      await pause(LOOK_MS, undefined, { signal: this.signal });
    }
    const tookMs = Math.round(performance.now() - startedMs);
    this.claim(claim, true, `after ${tookMs} ms`);
    return tookMs;
  }

  /** What has to be refused. Claims that it is, with the code. */
  async refused(claim: string, code: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await abortable(work(), this.signal);
      this.claim(claim, false, 'it was done');
    } catch (thrown) {
      this.signal.throwIfAborted();
      const found = thrown instanceof Error && 'code' in thrown ? thrown.code : messageOf(thrown);
      this.claim(claim, found === code, found);
    }
  }

  measure(what: string, value: number, unit = ''): void {
    const measurement = { what, value: Math.round(value * 100) / 100, unit };
    this.measurements.push(measurement);
    this.#events.measurement(measurement);
  }
}

/** Rejects with the reason as soon as the signal aborts; the work itself may go on. */
async function abortable<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  if (!(work instanceof Promise)) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // Nobody waits for it any more once the signal has spoken.
    work.catch(() => {});
  }
}

function textOf(found: unknown): string {
  return typeof found === 'string' ? found : JSON.stringify(found);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
