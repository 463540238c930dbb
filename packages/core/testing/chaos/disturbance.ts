import type { FaultRecord, Stall } from './history.ts';

/** Within this time after an acknowledged write everybody reads it. */
export const FRESH_MS = 250;
/** The same, where a silent fault keeps word from a server: a heartbeat has 1 s to come back. */
const FRESH_UNDETECTED_MS = 1500;
/** A silent fault is felt for so long after it was taken back: until what was late has arrived. */
const AFTERMATH_MS = 1000;

/** What kept a server from hearing in time, or from going on. */
export class Disturbances {
  readonly #faults: readonly FaultRecord[];
  readonly #stalls: readonly Stall[];

  constructor(faults: readonly FaultRecord[], stalls: readonly Stall[]) {
    this.#faults = faults;
    this.#stalls = stalls;
  }

  /** How old an acknowledged write may be that a read of this server, begun then, does not know. */
  freshMs(server: number, atMs: number): number {
    const silent = this.#faults.filter(
      fault =>
        fault.silent &&
        concerns(fault, server) &&
        fault.startMs <= atMs &&
        atMs <= fault.endMs + FRESH_UNDETECTED_MS + AFTERMATH_MS,
    );
    const basisMs =
      silent.length === 0 ? FRESH_MS : FRESH_UNDETECTED_MS + this.stoppedMs(server, atMs - 10_000, atMs);
    // Anybody's stall counts: the one that drains the outbox may be the one that stalled.
    return basisMs + this.#stalledMs(() => true, atMs - basisMs, atMs);
  }

  /** For how long the process could not go on within a time. */
  lostMs(server: number, startMs: number, endMs: number): number {
    return (
      this.stoppedMs(server, startMs, endMs) +
      this.#stalledMs(stall => concerns(stall, server), startMs, endMs)
    );
  }

  stoppedMs(server: number, startMs: number, endMs: number): number {
    return this.#faults
      .filter(fault => fault.stopped && fault.server === server)
      .reduce((sum, fault) => sum + overlapMs(fault, startMs, endMs), 0);
  }

  #stalledMs(which: (stall: Stall) => boolean, startMs: number, endMs: number): number {
    return this.#stalls.filter(which).reduce((sum, stall) => {
      const isWithin = overlapMs(stall, startMs, endMs) > 0;
      return sum + (isWithin ? stall.endMs - stall.startMs : 0);
    }, 0);
  }
}

function concerns({ server }: { readonly server: number | undefined }, wanted: number): boolean {
  return server === undefined || server === wanted;
}

function overlapMs(
  span: { readonly startMs: number; readonly endMs: number },
  startMs: number,
  endMs: number,
): number {
  return Math.max(0, Math.min(span.endMs, endMs) - Math.max(span.startMs, startMs));
}
