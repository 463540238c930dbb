const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** A length of time in its largest unit, as a list has room for: `8s`, `5m`, `3h`, `12d`. */
export function shortDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, length] of UNITS) if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`;
  return `${seconds}s`;
}

/** Milliseconds from an RFC 3339 time to `nowMs`; 0 when it is not a time. */
export function elapsedMs(time: string, nowMs: number): number {
  const from = Date.parse(time);
  return Number.isNaN(from) ? 0 : Math.max(0, nowMs - from);
}
