/** One turn with a lock, in milliseconds of one clock. */
export interface Turn {
  readonly askedMs: number;
  readonly gotMs: number;
  readonly releasedMs: number;
}

/**
 * What each turn would have waited in a queue that hands the lock on in no time and in order: `holdMs` for each one that had
 * asked before and not given it back.
 */
export function idealWaitsMs(turns: readonly Turn[], holdMs: number): number[] {
  return turns.map(turn => {
    const ahead = turns.filter(
      other => other !== turn && other.askedMs < turn.askedMs && other.releasedMs > turn.askedMs,
    );
    return ahead.length * holdMs;
  });
}

/** Turns that somebody got who had asked later. */
export function overtaken(turns: readonly Turn[]): number {
  return turns.filter(turn => turns.some(other => other.askedMs > turn.askedMs && other.gotMs < turn.gotMs))
    .length;
}
