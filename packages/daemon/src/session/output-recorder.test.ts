import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputRecorder } from './output-recorder.ts';

describe('OutputRecorder', () => {
  it('cuts what was written between two offsets, however it came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.nat(100), fc.nat(100), (chunks, a, b) => {
        const recorder = new OutputRecorder(1_000_000);
        let offset = 0;
        for (const bytes of chunks) {
          recorder.push(offset, bytes);
          offset += bytes.length;
        }
        const [from, to] = [Math.min(a, b, offset), Math.min(Math.max(a, b), offset)];
        expect(recorder.cut(from, to)).toEqual({
          bytes: Buffer.concat(chunks).subarray(from, to),
          truncated: false,
        });
      }),
    );
  });

  it('keeps the last bytes only, and says what is missing', () => {
    const recorder = new OutputRecorder(10);
    for (let offset = 0; offset < 100; offset += 5) recorder.push(offset, Buffer.alloc(5, offset));
    const { bytes, truncated } = recorder.cut(0, 100);
    expect(bytes).toEqual(Buffer.concat([Buffer.alloc(5, 90), Buffer.alloc(5, 95)]));
    expect(truncated).toBe(true);
    expect(recorder.cut(95, 100)).toEqual({ bytes: Buffer.alloc(5, 95), truncated: false });
  });
});
