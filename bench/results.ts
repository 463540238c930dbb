/** What one number tells. */
export interface Key {
  readonly measure: string;
  readonly peer: string;
  /** Which payload, load or number of clients. */
  readonly variant: string;
  readonly metric: string;
}

export interface Series extends Key {
  readonly values: number[];
}

export interface Note {
  readonly measure: string;
  readonly peer: string;
  readonly variant: string;
  readonly text: string;
}

/** All numbers of a run, one value a repetition. */
export class Results {
  readonly series: Series[] = [];
  readonly notes: Note[] = [];

  add(key: Key, value: number): void {
    const known = this.find(key);
    if (known === undefined) this.series.push({ ...key, values: [value] });
    else known.values.push(value);
  }

  find(key: Key): Series | undefined {
    return this.series.find(
      ({ measure, peer, variant, metric }) =>
        measure === key.measure && peer === key.peer && variant === key.variant && metric === key.metric,
    );
  }

  /** Undefined where nothing was measured. */
  median(key: Key): number | undefined {
    return median(this.find(key)?.values ?? []);
  }

  note(note: Note): void {
    const known = this.notes.some(
      ({ measure, peer, variant, text }) =>
        measure === note.measure && peer === note.peer && variant === note.variant && text === note.text,
    );
    if (!known) this.notes.push(note);
  }
}

export function median(values: readonly number[]): number | undefined {
  return quantile(values, 0.5);
}

/** With linear interpolation between the two nearest; undefined for no values. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (place - Math.floor(place));
}
