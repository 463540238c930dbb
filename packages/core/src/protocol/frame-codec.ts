import { TermError } from '../errors/index.ts';

/**
 * Frames: `u32 length | u8 kind | u8 flags | u32 channel | payload`, big-endian; `length` counts what follows it.
 * The same frames go over unix sockets and as binary WebSocket messages. Pure: bytes in, frames out.
 */
export const FrameKind = {
  /** JSON, UTF-8. */
  control: 1,
  /** `u64 offset | bytes`: what the program wrote; the offset counts from the session's first byte. */
  output: 2,
  /** `u64 offset | bytes`: what the client typed; the offset counts within its attachment id. */
  input: 3,
  /** `u64 offset | bytes`: a state that stands for everything before the offset. */
  snapshot: 4,
  /** `u64 offset | u32 snapshots`: consumed up to the offset, and how many snapshots so far. */
  ack: 5,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** A receiver that does not know the frame's kind skips it instead of closing the connection. */
export const FLAG_MAY_IGNORE = 1;

export interface Frame {
  readonly kind: FrameKind;
  readonly flags: number;
  readonly channel: number;
  readonly payload: Buffer;
}

const LENGTH_BYTES = 4;
/** kind, flags and channel: counted by `length`. */
const FIXED_BYTES = 6;
export const HEADER_BYTES = LENGTH_BYTES + FIXED_BYTES;
const OFFSET_BYTES = 8;

/** No client may make us hold more than this for one frame. A checkpoint (≤ 4 MiB) is the largest that is sent to a server. */
export const MAX_PAYLOAD_BYTES = 5 * 1024 * 1024;
/** What a server sends may be larger: a painted screen of a million cells in as many colours. */
export const MAX_SERVED_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** Pieces of an incomplete frame below this size are joined: a sender of single bytes must not cost a buffer for each. */
const SMALL_PIECE_BYTES = 4096;

const KNOWN_KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));

/** The header of a frame whose payload of `payloadBytes` follows by itself, so that the bytes need no copy. */
export function encodeHeader(kind: FrameKind, channel: number, payloadBytes: number, flags = 0): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  writeHeader(header, kind, channel, payloadBytes, flags);
  return header;
}

function writeHeader(into: Buffer, kind: number, channel: number, payloadBytes: number, flags: number): void {
  into.writeUInt32BE(FIXED_BYTES + payloadBytes, 0);
  into[4] = kind;
  into[5] = flags;
  into.writeUInt32BE(channel, 6);
}

export function encodeFrame(kind: FrameKind, channel: number, payload: Uint8Array, flags = 0): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  writeHeader(frame, kind, channel, payload.length, flags);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Throws TOO_LARGE: the other side would drop the connection over such a frame. */
export function encodeControl(channel: number, message: unknown, flags = 0): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new TermError(
      'TOO_LARGE',
      `A message has ${payload.length} bytes, ${MAX_PAYLOAD_BYTES} are possible.`,
    );
  }
  return encodeFrame(FrameKind.control, channel, payload, flags);
}

/** Header and offset of an output, input or snapshot frame; its `dataBytes` bytes follow by themselves. */
export function encodeDataHeader(
  kind: typeof FrameKind.output | typeof FrameKind.input | typeof FrameKind.snapshot,
  channel: number,
  offset: number,
  dataBytes: number,
): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES + OFFSET_BYTES);
  writeHeader(header, kind, channel, OFFSET_BYTES + dataBytes, 0);
  writeOffset(header, offset, HEADER_BYTES);
  return header;
}

export function encodeAck(channel: number, offset: number, snapshots: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + OFFSET_BYTES + 4);
  writeHeader(frame, FrameKind.ack, channel, OFFSET_BYTES + 4, 0);
  writeOffset(frame, offset, HEADER_BYTES);
  frame.writeUInt32BE(snapshots, HEADER_BYTES + OFFSET_BYTES);
  return frame;
}

/** Offset and bytes of an output, input or snapshot frame; the bytes are a view. Throws BAD_FRAME. */
export function decodeData(frame: Frame): { offset: number; bytes: Buffer } {
  return { offset: readOffset(frame.payload), bytes: frame.payload.subarray(OFFSET_BYTES) };
}

/** Throws BAD_FRAME. */
export function decodeAck(frame: Frame): { offset: number; snapshots: number } {
  if (frame.payload.length !== OFFSET_BYTES + 4)
    throw new TermError('BAD_FRAME', 'An ack frame has 12 bytes.');
  return { offset: readOffset(frame.payload), snapshots: frame.payload.readUInt32BE(OFFSET_BYTES) };
}

/** Parses a control frame's JSON. Throws BAD_FRAME. */
export function decodeControl(frame: Frame): unknown {
  try {
    return JSON.parse(frame.payload.toString('utf8'));
  } catch (cause) {
    throw new TermError('BAD_FRAME', 'A control frame is not JSON.', { cause });
  }
}

function writeOffset(into: Buffer, offset: number, at: number): void {
  into.writeUInt32BE(Math.floor(offset / 2 ** 32), at);
  into.writeUInt32BE(offset % 2 ** 32, at + 4);
}

function readOffset(payload: Buffer): number {
  if (payload.length < OFFSET_BYTES) throw new TermError('BAD_FRAME', 'A data frame has no offset.');
  const offset = payload.readUInt32BE(0) * 2 ** 32 + payload.readUInt32BE(4);
  if (!Number.isSafeInteger(offset)) throw new TermError('BAD_FRAME', 'An offset is beyond 2^53.');
  return offset;
}

/**
 * Cuts a byte stream into frames. Payloads are views of what was pushed where a frame came whole, so a receiver
 * that keeps one beyond its turn must copy it. Bounded: at most one incomplete frame is held.
 */
export class FrameDecoder {
  /** Larger payloads are refused. */
  maxPayloadBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of the frame at the head of `#held`, once its length is known. */
  #wantBytes = HEADER_BYTES;

  constructor(maxPayloadBytes: number = MAX_PAYLOAD_BYTES) {
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /** Takes the next bytes and returns the frames that they complete. Throws BAD_FRAME; then the stream is dead. */
  push(chunk: Buffer): Frame[] {
    if (this.#heldBytes + chunk.length < this.#wantBytes) {
      this.#hold(chunk);
      return [];
    }
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= HEADER_BYTES) {
      const total = this.#frameBytes(rest);
      if (rest.length < total) break;
      const frame = readFrame(rest.subarray(0, total));
      if (frame !== undefined) frames.push(frame);
      rest = rest.subarray(total);
    }
    this.#held = rest.length === 0 ? [] : [rest];
    this.#heldBytes = rest.length;
    this.#wantBytes = rest.length >= HEADER_BYTES ? this.#frameBytes(rest) : HEADER_BYTES;
    return frames;
  }

  /** Joins small pieces of about equal size, so that no byte is copied more than a dozen times. */
  #hold(chunk: Buffer): void {
    let piece = chunk;
    for (;;) {
      const last = this.#held.at(-1);
      if (last === undefined || last.length > piece.length || piece.length >= SMALL_PIECE_BYTES) break;
      this.#held.pop();
      piece = Buffer.concat([last, piece]);
    }
    this.#held.push(piece);
    this.#heldBytes += chunk.length;
  }

  /** Length of the frame that begins here; checked before a single byte of it is held. */
  #frameBytes(at: Buffer): number {
    const length = at.readUInt32BE(0);
    if (length < FIXED_BYTES || length - FIXED_BYTES > this.maxPayloadBytes) {
      throw new TermError('BAD_FRAME', `A frame announces ${length} bytes.`);
    }
    return LENGTH_BYTES + length;
  }
}

/** Undefined for an unknown kind that may be ignored. */
function readFrame(bytes: Buffer): Frame | undefined {
  const kind = bytes[4] ?? 0;
  const flags = bytes[5] ?? 0;
  if (!KNOWN_KINDS.has(kind)) {
    if ((flags & FLAG_MAY_IGNORE) !== 0) return undefined;
    throw new TermError('BAD_FRAME', `Unknown frame kind ${kind}.`);
  }
  return {
    kind: kind as FrameKind,
    flags,
    channel: bytes.readUInt32BE(6),
    payload: bytes.subarray(HEADER_BYTES),
  };
}
