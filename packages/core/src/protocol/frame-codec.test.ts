import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAck,
  decodeControl,
  decodeData,
  encodeAck,
  encodeControl,
  encodeDataHeader,
  encodeFrame,
  encodeHeader,
  FLAG_MAY_IGNORE,
  type Frame,
  FrameDecoder,
  FrameKind,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
} from './frame-codec.ts';

const KINDS = Object.values(FrameKind);
const U32_MAX = 2 ** 32 - 1;

const anyFrame = fc.record({
  kind: fc.constantFrom(...KINDS),
  flags: fc.nat(255),
  channel: fc.nat(U32_MAX),
  payload: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
});
const anyOffset = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1),
);

function encode(frame: Frame): Buffer {
  return encodeFrame(frame.kind, frame.channel, frame.payload, frame.flags);
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map(place => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** Copies, because payloads are views. */
function pushAll(decoder: FrameDecoder, chunks: readonly Buffer[]): Frame[] {
  return chunks.flatMap(chunk =>
    decoder.push(chunk).map(frame => ({ ...frame, payload: Buffer.from(frame.payload) })),
  );
}

/** A frame of a kind that this release does not know. */
function strangeFrame(kind: number, flags: number, payload = 'from the future'): Buffer {
  const frame = encodeFrame(FrameKind.control, 7, Buffer.from(payload), flags);
  frame[4] = kind;
  return frame;
}

function only(bytes: Buffer): Frame {
  const frames = new FrameDecoder().push(bytes);
  expect(frames).toHaveLength(1);
  return frames[0] as Frame;
}

describe('the frame decoder', () => {
  it('yields the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (frames, places) => {
          const stream = Buffer.concat(frames.map(encode));
          expect(pushAll(new FrameDecoder(), cut(stream, places))).toEqual(frames);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('yields the same frames from single bytes', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 4 }), frames => {
        const stream = Buffer.concat(frames.map(encode));
        const bytes = Array.from(stream, (_byte, i) => stream.subarray(i, i + 1));
        expect(pushAll(new FrameDecoder(), bytes)).toEqual(frames);
      }),
      { numRuns: 50 },
    );
  });

  it('throws nothing but BAD_FRAME, whatever it is fed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), chunks => {
        const decoder = new FrameDecoder();
        try {
          for (const chunk of chunks) decoder.push(Buffer.from(chunk));
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'TermError', code: 'BAD_FRAME' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('skips an unknown kind that may be ignored, and goes on behind it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }).filter(kind => !(KINDS as number[]).includes(kind)),
        fc.nat(255).map(flags => flags | FLAG_MAY_IGNORE),
        anyFrame,
        fc.array(fc.nat(), { maxLength: 6 }),
        (kind, flags, after, places) => {
          const stream = Buffer.concat([strangeFrame(kind, flags), encode(after)]);
          expect(pushAll(new FrameDecoder(), cut(stream, places))).toEqual([after]);
        },
      ),
    );
  });

  it('refuses an unknown kind that may not be ignored', () => {
    for (const kind of [0, 6, 127, 255])
      expect(() => new FrameDecoder().push(strangeFrame(kind, 0xff & ~FLAG_MAY_IGNORE))).toThrow(
        expect.objectContaining({ code: 'BAD_FRAME' }),
      );
  });

  it('takes a known kind with flags of the future', () => {
    expect(only(encodeFrame(FrameKind.output, 1, Buffer.alloc(8), 0xfe))).toMatchObject({
      kind: FrameKind.output,
      flags: 0xfe,
    });
  });

  it('refuses a length that is too short for its own header', () => {
    for (const length of [0, 1, 5]) {
      const frame = encodeHeader(FrameKind.control, 0, 0);
      frame.writeUInt32BE(length, 0);
      expect(() => new FrameDecoder().push(frame)).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
    }
  });

  it('takes the largest payload and refuses one byte more as soon as its header is there', () => {
    const decoder = new FrameDecoder(1000);
    const largest = encodeFrame(FrameKind.output, 1, Buffer.alloc(1000, 0x61));
    expect(pushAll(decoder, cut(largest, [9, 10, 500]))).toHaveLength(1);
    const header = encodeHeader(FrameKind.output, 1, 1001);
    expect(decoder.push(header.subarray(0, HEADER_BYTES - 1))).toEqual([]);
    expect(() => decoder.push(header.subarray(HEADER_BYTES - 1))).toThrow('announces 1007 bytes');
  });

  it('is bounded by 5 MiB unless told otherwise', () => {
    const decoder = new FrameDecoder();
    expect(decoder.push(encodeHeader(FrameKind.snapshot, 1, MAX_PAYLOAD_BYTES))).toEqual([]);
    expect(() => new FrameDecoder().push(encodeHeader(FrameKind.snapshot, 1, MAX_PAYLOAD_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'BAD_FRAME' }),
    );
  });

  it('holds a frame of single bytes in little more memory than the frame has', () => {
    const payloadBytes = 1024 * 1024;
    const decoder = new FrameDecoder();
    decoder.push(encodeHeader(FrameKind.snapshot, 1, payloadBytes));
    const before = process.memoryUsage();
    for (let i = 1; i < payloadBytes; i += 1) decoder.push(Buffer.from([i & 255]));
    const after = process.memoryUsage();
    const usedBytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    // Garbage included, and what one Buffer a byte would cost is 100 MB.
    expect(usedBytes).toBeLessThan(60 * payloadBytes);
    const [frame] = decoder.push(Buffer.from([0]));
    expect(frame?.payload.length).toBe(payloadBytes);
    expect(frame?.payload[255]).toBe(0);
    expect(frame?.payload[1000]).toBe(1001 & 255);
  });
});

describe('a frame', () => {
  it('has the layout that is documented', () => {
    expect(encodeFrame(FrameKind.input, 0x01020304, Buffer.from('hi'), 0x80).toString('hex')).toBe(
      '00000008' + '03' + '80' + '01020304' + '6869',
    );
  });

  it('may be written as header and bytes', () => {
    const bytes = Buffer.from('some output');
    const whole = encodeFrame(FrameKind.snapshot, 9, bytes, 1);
    expect(Buffer.concat([encodeHeader(FrameKind.snapshot, 9, bytes.length, 1), bytes])).toEqual(whole);
  });

  it('carries offsets up to 2^53 - 1 and any bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(FrameKind.output, FrameKind.input, FrameKind.snapshot),
        fc.nat(U32_MAX),
        anyOffset,
        fc.uint8Array({ maxLength: 100 }),
        (kind, channel, offset, bytes) => {
          const frame = only(
            Buffer.concat([encodeDataHeader(kind, channel, offset, bytes.length), Buffer.from(bytes)]),
          );
          expect(frame).toMatchObject({ kind, channel, flags: 0 });
          expect(decodeData(frame)).toEqual({ offset, bytes: Buffer.from(bytes) });
        },
      ),
    );
  });

  it('acknowledges offsets up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.nat(U32_MAX), anyOffset, fc.nat(U32_MAX), (channel, offset, snapshots) => {
        const frame = only(encodeAck(channel, offset, snapshots));
        expect(frame).toMatchObject({ kind: FrameKind.ack, channel });
        expect(decodeAck(frame)).toEqual({ offset, snapshots });
      }),
    );
  });

  it('is refused when its offset is missing, torn or beyond 2^53 - 1', () => {
    const data = (payload: Buffer): Frame => only(encodeFrame(FrameKind.output, 1, payload));
    const tooFar = Buffer.alloc(8);
    tooFar.writeUInt32BE(2 ** 21, 0);
    for (const payload of [Buffer.alloc(0), Buffer.alloc(7), tooFar, Buffer.alloc(8, 0xff)])
      expect(() => decodeData(data(payload))).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });

  it('is refused when an ack has not 12 bytes', () => {
    for (const bytes of [0, 8, 11, 13])
      expect(() => decodeAck(only(encodeFrame(FrameKind.ack, 1, Buffer.alloc(bytes))))).toThrow(
        expect.objectContaining({ code: 'BAD_FRAME' }),
      );
  });

  it('carries any JSON as control', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(decodeControl(only(encodeControl(3, value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is refused when control is not JSON', () => {
    for (const text of ['', '{', 'undefined', '{"a":1}}', '\xff\xfe'])
      expect(() =>
        decodeControl(only(encodeFrame(FrameKind.control, 0, Buffer.from(text, 'latin1')))),
      ).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });

  it('is not made of a message that the other side would refuse', () => {
    const text = 'x'.repeat(MAX_PAYLOAD_BYTES);
    expect(() => encodeControl(0, text)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    expect(encodeControl(0, text.slice(2)).length).toBe(HEADER_BYTES + MAX_PAYLOAD_BYTES);
  });
});
