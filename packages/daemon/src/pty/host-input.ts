import { TermError } from '@triterm/core/errors';
import type { PtyInput } from './pty.ts';

/** Bytes, and pieces of them, that may wait unapplied; the host takes no more either. */
const MAX_PENDING_BYTES = 256 * 1024;
const MAX_PENDING_PIECES = 4096;

/** How an input reaches its host; the connection may change beneath. */
export interface InputRoute {
  send(channel: number, offset: number, bytes: Uint8Array): void;
  close(channel: number, forget: boolean): void;
}

/** One attachment's input: keeps what the host has not yet applied, to send it again over a new connection. */
export class HostInput implements PtyInput {
  readonly attachment: string;
  readonly channel: number;
  readonly #route: InputRoute;
  readonly #onApplied: (inputOffset: number) => void;
  readonly #pending: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #inputOffset = 0;
  /** Where the next byte stands. */
  #end = 0;

  constructor(
    attachment: string,
    channel: number,
    route: InputRoute,
    onApplied: (inputOffset: number) => void,
  ) {
    this.attachment = attachment;
    this.channel = channel;
    this.#route = route;
    this.#onApplied = onApplied;
  }

  get inputOffset(): number {
    return this.#inputOffset;
  }

  write(offset: number, bytes: Uint8Array): void {
    const known = this.#end - offset;
    if (known < 0) throw new TermError('BAD_MESSAGE', `Input is missing from ${this.#end} to ${offset}.`);
    if (known >= bytes.length) return;
    // A copy, which a Buffer's `slice` would not be.
    const added = new Uint8Array(bytes.subarray(known));
    const isFull = this.#end + added.length - this.#inputOffset > MAX_PENDING_BYTES;
    if (isFull || this.#pending.length >= MAX_PENDING_PIECES)
      throw new TermError('TOO_LARGE', 'The program does not read its input; wait until it does.');
    this.#pending.push({ offset: this.#end, bytes: added });
    this.#route.send(this.channel, this.#end, added);
    this.#end += added.length;
  }

  close(forget: boolean): void {
    this.#route.close(this.channel, forget);
  }

  /** The host has applied everything before the offset. */
  applied(inputOffset: number): void {
    if (inputOffset <= this.#inputOffset) return;
    this.#settle(inputOffset);
    this.#onApplied(inputOffset);
  }

  /** The input was opened, the first time or on a new connection: sends again what was not applied. */
  opened(inputOffset: number): void {
    const isProgress = inputOffset > this.#inputOffset && this.#end > 0;
    this.#settle(inputOffset);
    for (const { offset, bytes } of this.#pending) this.#route.send(this.channel, offset, bytes);
    if (isProgress) this.#onApplied(inputOffset);
  }

  #settle(inputOffset: number): void {
    this.#inputOffset = inputOffset;
    this.#end = Math.max(this.#end, inputOffset);
    let [first] = this.#pending;
    while (first !== undefined && first.offset + first.bytes.length <= inputOffset) {
      this.#pending.shift();
      [first] = this.#pending;
    }
  }
}
