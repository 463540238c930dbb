/** Levenshtein distance, with two swapped neighbours counting as one step. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let steps = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      current.push(steps);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The candidate that somebody who typed `text` most likely meant, or undefined when none is near. */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(text.length / 3));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > allowed) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    // One letter for another of a single one is no mistake in typing but another word.
    if (
      distance <= allowed &&
      distance < Math.max(text.length, candidate.length) &&
      (best === undefined || distance < best.distance)
    )
      best = { candidate, distance };
  }
  return best?.candidate ?? candidates.find(candidate => text.length > 1 && candidate.startsWith(text));
}
