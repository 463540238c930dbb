/** Where a session's output was left, so that it can go on from there. */
export interface ResumePoint {
  readonly offset: number;
  readonly sizeGeneration: number;
  /** The PTY that wrote it; missing where the daemon did not tell. */
  readonly pty?: string;
}

/** Of the reply to an attach, what says where output goes on. */
interface Beginning {
  readonly resumed: boolean;
  readonly sizeGeneration: number;
  /** Empty, or missing from an earlier release: not told. */
  readonly pty?: string;
}

/** Follows which output has come: every byte counts, whether it is shown or not. */
export class OutputPosition {
  readonly #lossless: boolean;
  #offset: number | undefined;
  /** What was attached last, as far as that was told. */
  #pty = '';
  #generation = 0;
  /** The size has changed; what is shown has not yet: it does with the next state. */
  #nextGeneration: number | undefined;
  #snapshots = 0;

  /** `lossless`: a changed size is followed by no state, the bytes simply go on. */
  constructor(lossless: boolean) {
    this.#lossless = lossless;
  }

  /** From where the output can go on; undefined before anything has come. */
  get resume(): ResumePoint | undefined {
    if (this.#offset === undefined) return undefined;
    const pty = this.#pty === '' ? {} : { pty: this.#pty };
    return { offset: this.#offset, sizeGeneration: this.#generation, ...pty };
  }

  /** Everything before it has come. */
  get offset(): number {
    return this.#offset ?? 0;
  }

  /** States that have come on this attachment. */
  get snapshots(): number {
    return this.#snapshots;
  }

  /** A new attachment begins: it counts anew. Returns whether it is to another PTY, so that nothing of its output has come. */
  opened({ resumed, sizeGeneration, pty = '' }: Beginning): boolean {
    const isOther = pty !== '' && this.#pty !== '' && pty !== this.#pty;
    if (isOther) this.#offset = undefined;
    if (pty !== '') this.#pty = pty;
    this.#snapshots = 0;
    if (resumed) this.#generation = sizeGeneration;
    this.#nextGeneration = resumed ? undefined : sizeGeneration;
    return isOther;
  }

  resized(sizeGeneration: number): void {
    if (this.#lossless) this.#generation = sizeGeneration;
    else this.#nextGeneration = sizeGeneration;
  }

  snapshot(offset: number): void {
    this.#offset = offset;
    this.#snapshots += 1;
    this.#generation = this.#nextGeneration ?? this.#generation;
    this.#nextGeneration = undefined;
  }

  /** What has come from the offset on was not shown after all. */
  rewind(offset: number): void {
    if (this.#offset !== undefined) this.#offset = Math.min(this.#offset, offset);
  }

  /** How many of these bytes have come before; undefined when some before them have not. */
  output(offset: number, length: number): number | undefined {
    if (this.#offset === undefined || offset > this.#offset) return undefined;
    const known = Math.min(length, this.#offset - offset);
    this.#offset = Math.max(this.#offset, offset + length);
    return known;
  }
}
