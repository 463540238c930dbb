import { describe, expect, it } from 'vitest';
import { toMessages } from './wire.ts';

describe('messages of a byte stream', () => {
  const sizes = (chunks: number[]) =>
    toMessages(
      chunks.map(bytes => Buffer.alloc(bytes)),
      100,
    ).map(({ length }) => length);

  it('are as few as hold the chunks', () => {
    expect(sizes([])).toEqual([]);
    expect(sizes([0])).toEqual([]);
    expect(sizes([18, 40])).toEqual([58]);
    expect(sizes([60, 40, 1])).toEqual([100, 1]);
    expect(sizes([60, 41])).toEqual([60, 41]);
    expect(sizes([10, 250, 10])).toEqual([10, 100, 100, 60]);
  });

  it('hold every byte in order, and copy nothing that stands alone', () => {
    const chunks = [Buffer.from('abc'), Buffer.from('defghijkl'), Buffer.from('m')];
    expect(Buffer.concat(toMessages(chunks, 4)).toString()).toBe('abcdefghijklm');
    const alone = Buffer.from('xyz');
    const [message] = toMessages([alone], 4);
    expect([message?.buffer, message?.byteOffset]).toEqual([alone.buffer, alone.byteOffset]);
  });
});
