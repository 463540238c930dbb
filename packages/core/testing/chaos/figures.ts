import type { ReadCounters } from '../../src/store/hybrid/stats.ts';
import type { Operation } from './history.ts';

/** What a run has seen, for its last lines. */
export class Figures {
  readonly #operations = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #sources = new Map<string, number>();
  readonly #healMs: number[] = [];
  #longest: Operation | undefined;
  #total = 0;
  #staleReads = 0;
  #unmarked = 0;
  #stalls = 0;
  rounds = 0;
  divergedAfterFaults = 0;
  divergedAtTheEnd = 0;
  redisEntries = 0;
  commits = 0;

  operation(operation: Operation): void {
    this.#total += 1;
    count(this.#operations, `${operation.kind} ${operation.outcome}`);
    if (operation.stale === true) this.#staleReads += 1;
    if (operation.stale === true && operation.kind === 'get') this.#unmarked += 1;
    if (operation.endMs - operation.startMs > lengthOf(this.#longest)) this.#longest = operation;
  }

  fault(kind: string): void {
    count(this.#faults, kind);
  }

  healed(ms: number): void {
    this.#healMs.push(ms);
  }

  stall(): void {
    this.#stalls += 1;
  }

  /** Of a process that is gone, or at the end. */
  reads(counters: ReadCounters): void {
    for (const [source, number] of Object.entries(counters)) count(this.#sources, source, number);
  }

  lines(): string[] {
    const heal = this.#healMs.toSorted((a, b) => a - b);
    const longest = this.#longest;
    return [
      `rounds: ${this.rounds}, operations: ${this.#total}, commits: ${this.commits}, entries stored in Redis: ${this.redisEntries}`,
      `operations by outcome: ${list(this.#operations)}`,
      `faults: ${list(this.#faults)}`,
      `reads by source (processes that lived to their end of a round): ${list(this.#sources)}`,
      `stale reads: ${this.#staleReads - this.#unmarked} marked, about ${this.#unmarked} by get, which marks none; keys diverged when the faults ended: ${this.divergedAfterFaults}; for good: ${this.divergedAtTheEnd}`,
      `longest operation: ${longest === undefined ? 'none' : `${Math.round(lengthOf(longest))} ms (${longest.kind}, ${longest.outcome})`}`,
      `until everybody was up again: median ${Math.round(heal[heal.length >> 1] ?? 0)} ms, at most ${Math.round(heal.at(-1) ?? 0)} ms`,
      `times that a process did not get the processor for 60 ms: ${this.#stalls}`,
    ];
  }
}

function lengthOf(operation: Operation | undefined): number {
  return operation === undefined ? 0 : operation.endMs - operation.startMs;
}

function count(map: Map<string, number>, key: string, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

function list(map: ReadonlyMap<string, number>): string {
  const entries = [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'none' : entries.map(([key, number]) => `${key} ${number}`).join(', ');
}
