import type { Pty } from '../pty/pty.ts';

/** What an attachment contributes to a PTY's flow. */
interface FlowMember {
  /** Offset before which it needs nothing any more. */
  readonly floor: number | undefined;
  /** How far the program may write, when it paces it. */
  readonly paceThrough: number | undefined;
}

/** Changes smaller than this are not worth a message. */
const STEP_BYTES = 128 * 1024;
/** A pace that is this near to what was read holds the program, or is about to. */
const NEAR_BYTES = 256 * 1024;

/** Tells the host which bytes the log must keep and how far the program may go, once a turn at most. */
export class Flow {
  readonly #pty: Pty;
  readonly #members: () => Iterable<FlowMember>;
  #scheduled = false;
  #floor: number | null = null;
  #paceThrough: number | null = null;

  constructor(pty: Pty, members: () => Iterable<FlowMember>) {
    this.#pty = pty;
    this.#members = members;
    this.#floor = pty.info.floor;
  }

  /** An attachment came, went, or took something. */
  changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#decide();
    });
  }

  /** Whether the program is held, or about to be, by a client that paces it. */
  paceReached(head: number): boolean {
    return this.#paceThrough !== null && head + NEAR_BYTES >= this.#paceThrough;
  }

  #decide(): void {
    let floor: number | null = null;
    let paceThrough: number | null = null;
    for (const member of this.#members()) {
      if (member.floor !== undefined) floor = Math.min(floor ?? member.floor, member.floor);
      if (member.paceThrough !== undefined) {
        paceThrough = Math.min(paceThrough ?? member.paceThrough, member.paceThrough);
      }
    }
    if (!this.#differs(this.#floor, floor) && !this.#differs(this.#paceThrough, paceThrough)) return;
    this.#floor = floor;
    this.#paceThrough = paceThrough;
    this.#pty.flow(floor, paceThrough);
  }

  #differs(told: number | null, decided: number | null): boolean {
    if (told === null || decided === null) return told !== decided;
    return Math.abs(decided - told) >= STEP_BYTES;
  }
}
