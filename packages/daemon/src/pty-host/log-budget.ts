const MIB = 1024 * 1024;

/** What all logs of a host may hold together at most. */
const MAX_TOTAL_BYTES = 256 * MIB;
/** A log may always hold this much, however much the others hold. */
export const GUARANTEED_BYTES = 256 * 1024;

/** The budget of a host on a machine with this much memory: min(256 MiB, memory / 16). */
export function budgetFor(memoryBytes: number): number {
  return Math.min(MAX_TOTAL_BYTES, Math.floor(memoryBytes / 16));
}

/** Shares a host's log memory among its sessions. Below the guaranteed size a log never asks in vain. */
export class LogBudget {
  readonly #totalBytes: number;
  readonly #guaranteedBytes: number;
  /** Every open share counts at least its guarantee, so that the others can't take it away. */
  #usedBytes = 0;
  /** Called when a share gave something back; the owner lets paused sessions look again. */
  onFreed: () => void = () => {};

  constructor(totalBytes: number, guaranteedBytes: number = GUARANTEED_BYTES) {
    this.#totalBytes = totalBytes;
    this.#guaranteedBytes = guaranteedBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  open(): LogShare {
    this.#usedBytes += this.#guaranteedBytes;
    return new LogShare(this);
  }

  /** Whether a share may go from one size to another. */
  allows(fromBytes: number, toBytes: number): boolean {
    return (
      toBytes <= this.#guaranteedBytes ||
      this.#usedBytes - this.#cost(fromBytes) + this.#cost(toBytes) <= this.#totalBytes
    );
  }

  move(fromBytes: number, toBytes: number): void {
    const change = this.#cost(toBytes) - this.#cost(fromBytes);
    this.#usedBytes += change;
    if (change < 0) this.onFreed();
  }

  close(heldBytes: number): void {
    this.#usedBytes -= this.#cost(heldBytes);
    this.onFreed();
  }

  #cost(heldBytes: number): number {
    return Math.max(heldBytes, this.#guaranteedBytes);
  }
}

/** What one log holds of the budget. */
export class LogShare {
  readonly #budget: LogBudget;
  #heldBytes = 0;

  constructor(budget: LogBudget) {
    this.#budget = budget;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  canGrow(bytes: number): boolean {
    return this.#budget.allows(this.#heldBytes, this.#heldBytes + bytes);
  }

  /** Takes the bytes whether the budget allows it or not: what was read must be kept. */
  grow(bytes: number): void {
    this.#budget.move(this.#heldBytes, this.#heldBytes + bytes);
    this.#heldBytes += bytes;
  }

  shrink(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#budget.move(this.#heldBytes + bytes, this.#heldBytes);
  }

  close(): void {
    this.#budget.close(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
