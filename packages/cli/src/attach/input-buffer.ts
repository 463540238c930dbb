/** Bytes that are kept until the program has got them; beyond it the keyboard is not read. */
export const MAX_KEPT_BYTES = 256 * 1024;
/** What the daemon may be sent before it has told how much of it the program took; it holds no more. */
const MAX_IN_FLIGHT_BYTES = 128 * 1024;
const MAX_IN_FLIGHT_FRAMES = 1024;
/** Small pieces that wait become one frame of up to this size. */
const MAX_FRAME_BYTES = 16 * 1024;

export interface InputFrame {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * What was typed, by byte offset: kept until it is acknowledged, so that after a lost connection exactly what the
 * program did not get is sent again.
 */
export class InputBuffer {
  /** Sent and not acknowledged, oldest first. */
  #sent: InputFrame[] = [];
  /** Not sent yet. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Everything before it was acknowledged. */
  #acknowledged = 0;
  /** Everything before it was sent. */
  #sentEnd = 0;

  /** Bytes that are kept. */
  get keptBytes(): number {
    return this.#sentEnd - this.#acknowledged + this.#waitingBytes;
  }

  get isFull(): boolean {
    return this.keptBytes >= MAX_KEPT_BYTES;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** The next frame that may be sent, which then counts as sent. */
  next(): InputFrame | undefined {
    const room = MAX_IN_FLIGHT_BYTES - (this.#sentEnd - this.#acknowledged);
    if (this.#waitingBytes === 0 || room <= 0 || this.#sent.length >= MAX_IN_FLIGHT_FRAMES) return undefined;
    const frame = { offset: this.#sentEnd, bytes: this.#take(Math.min(room, MAX_FRAME_BYTES)) };
    this.#sent.push(frame);
    this.#sentEnd += frame.bytes.length;
    return frame;
  }

  /** The program has got everything before the offset. */
  acknowledged(offset: number): void {
    if (offset <= this.#acknowledged || offset > this.#sentEnd) return;
    this.#acknowledged = offset;
    this.#sent = this.#sent.filter(frame => frame.offset + frame.bytes.length > offset);
  }

  /**
   * Begins on a new connection, where the program has got everything before `inputOffset`: what follows is to be sent
   * again. An offset before what was acknowledged means that the other side has forgotten us; what was under way may
   * have arrived, so that it is not sent again.
   */
  reconnected(inputOffset: number): void {
    const sent = this.#sent;
    const known = inputOffset >= this.#acknowledged && inputOffset <= this.#sentEnd;
    this.#sent = [];
    this.#acknowledged = inputOffset;
    this.#sentEnd = inputOffset;
    if (!known) return;
    const again = sent.flatMap(({ offset, bytes }) => {
      const rest = bytes.subarray(Math.max(0, inputOffset - offset));
      return rest.length === 0 ? [] : [rest];
    });
    this.#waiting = [...again, ...this.#waiting];
    this.#waitingBytes += again.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Begins at another program, which has got everything before `inputOffset`: what is kept was not meant for it. */
  restarted(inputOffset: number): void {
    this.#sent = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#acknowledged = inputOffset;
    this.#sentEnd = inputOffset;
  }

  #take(most: number): Buffer {
    const pieces: Buffer[] = [];
    let left = most;
    while (left > 0) {
      const [first] = this.#waiting;
      if (first === undefined) break;
      const piece = first.subarray(0, left);
      if (piece.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(piece.length);
      pieces.push(piece);
      left -= piece.length;
    }
    const taken = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    this.#waitingBytes -= taken.length;
    return taken;
  }
}
