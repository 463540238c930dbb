import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckpointEnvelope, decodeCheckpoint, encodeCheckpoint } from './checkpoint-envelope.ts';

const envelope: CheckpointEnvelope = {
  cols: 120,
  rows: 40,
  offset: 2 ** 40 + 7,
  sizeGeneration: 3,
  packedBelow: 12_345,
  historyFloor: 99,
  marks: [{ kind: 'commandFinished', offset: 10, endOffset: 5, exitCode: 1 }],
  model: new Uint8Array([1, 2, 3]),
};

describe('checkpoint envelope', () => {
  it('comes back as it was', () => {
    const decoded = decodeCheckpoint(encodeCheckpoint(envelope));
    expect({ ...decoded, model: new Uint8Array(decoded.model) }).toEqual(envelope);
  });

  it('is refused when a byte of it is wrong, or it is cut', () => {
    const sound = encodeCheckpoint(envelope);
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = new Uint8Array(sound);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        // Three bytes after the version are reserved: nothing reads them.
        if (at < 5 || at > 7) expect(() => decodeCheckpoint(damaged)).toThrow();
        expect(() => decodeCheckpoint(sound.subarray(0, at))).toThrow();
      }),
    );
  });

  it('says so when it is of a newer release', () => {
    const newer = new Uint8Array(encodeCheckpoint(envelope));
    newer[4] = 2;
    expect(() => decodeCheckpoint(newer)).toThrow(expect.objectContaining({ code: 'STORE_TOO_NEW' }));
  });
});
