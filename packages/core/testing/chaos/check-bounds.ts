import type { StoreStats } from '../../src/store/hybrid/stats.ts';
import type { Disturbances } from './disturbance.ts';
import type { Operation, Violation } from './history.ts';

/**
 * One call's way through Redis (50 ms) and the database (2.5 s, asked once more where its first answer did not do), and what a busy
 * machine adds.
 */
export const OPERATION_LIMIT_MS = 50 + 2 * 2500 + 700;

/** I13: no call takes longer than the deadlines allow, time that its process did not run left out. */
export function checkDurations(operations: readonly Operation[], disturbances: Disturbances): Violation[] {
  return operations.flatMap(operation => {
    const { id, startMs, endMs, server, kind, outcome, order } = operation;
    const tookMs = endMs - startMs;
    if (tookMs <= OPERATION_LIMIT_MS) return [];
    const ranMs = tookMs - disturbances.lostMs(server, startMs, endMs);
    if (ranMs <= OPERATION_LIMIT_MS) return [];
    return [
      {
        invariant: 'I13',
        id,
        atMs: startMs,
        message: `server ${server}, order ${order}: ${kind} took ${Math.round(ranMs)} ms and ended with ${outcome}`,
      },
    ];
  });
}

/** I14: every read was counted once. `reads` is how many the process has been answered. */
export function checkCounters(server: number, reads: number, stats: StoreStats): Violation[] {
  const { reads: total, ...sources } = stats.reads;
  const sum = Object.values(sources).reduce((a, b) => a + b, 0);
  if (total === reads && sum === reads) return [];
  return [
    {
      invariant: 'I14',
      id: undefined,
      atMs: undefined,
      message: `server ${server} answered ${reads} reads, counts ${total}, and the counts by source add up to ${sum}`,
    },
  ];
}
