const KIND = /^triterm:([a-z][a-z0-9-]*)/;
/** Kinds that no release of ours has are counted together. */
const MAX_KINDS = 32;

export interface KeyKinds {
  readonly total: number;
  /** There are more than these. */
  readonly truncated: boolean;
  readonly kinds: Readonly<Record<string, number>>;
}

/** Counts keys by what stands behind `triterm:`, the most frequent first. `limit` is how many were asked for. */
export function countKinds(keys: readonly string[], limit: number): KeyKinds {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const named = KIND.exec(key)?.[1] ?? 'other';
    const kind = counts.has(named) || counts.size < MAX_KINDS ? named : 'other';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
  return { total: keys.length, truncated: keys.length >= limit, kinds };
}
