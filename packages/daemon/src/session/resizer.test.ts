import type { WindowSize } from '@triterm/core/domain';
import { describe, expect, it, vi } from 'vitest';
import type { Pty } from '../pty/pty.ts';
import { Resizer } from './resizer.ts';

/** A PTY that only takes sizes, and says so when it is told to. */
function setUp(applied = true) {
  const asked: { size: WindowSize; generation: number }[] = [];
  const info = { cols: 80, rows: 24, sizeGeneration: 5 };
  const pty = {
    info,
    resize: async (size: WindowSize, generation: number) => {
      asked.push({ size, generation });
      return { offset: 0, applied };
    },
  };
  return { resizer: new Resizer(pty as unknown as Pty), asked };
}

const size = (cols: number): WindowSize => ({ cols, rows: 24 });

describe('Resizer', () => {
  it('asks once at a time, skips what lies between, and ends with the last', async () => {
    const { resizer, asked } = setUp();
    for (const cols of [81, 82, 83]) resizer.want(size(cols));
    expect(asked).toEqual([{ size: size(81), generation: 6 }]);
    expect(resizer.came(size(81), 6)).toBe(true);
    expect(asked.at(-1)).toEqual({ size: size(83), generation: 7 });
    expect(resizer.came(size(83), 7)).toBe(true);
    expect(asked).toHaveLength(2);
    expect(resizer.size).toEqual(size(83));
  });

  it('asks nothing for the size that there is', () => {
    const { resizer, asked } = setUp();
    resizer.want(size(80));
    expect(asked).toEqual([]);
  });

  it('is settled when the record has come and was carried out', async () => {
    const { resizer } = setUp();
    resizer.want(size(90));
    let settled = false;
    const waiting = resizer.settled().then(() => {
      settled = true;
    });
    resizer.came(size(90), 6);
    await Promise.resolve();
    expect(settled).toBe(false);
    resizer.release();
    await waiting;
  });

  it('does not take a record of an earlier time for its own', () => {
    const { resizer } = setUp();
    expect(resizer.came(size(70), 5)).toBe(false);
    expect(resizer.size).toEqual(size(80));
  });

  it('lets nobody wait for a size that the PTY did not take', async () => {
    const { resizer } = setUp(false);
    resizer.want(size(90));
    await resizer.settled();
    expect(resizer.size).toEqual(size(80));
  });

  it('says why a size could not be asked for, and asks for what was wanted meanwhile', async () => {
    const refused = new Error('The host is away.');
    const asked: number[] = [];
    const pty = {
      info: { cols: 80, rows: 24, sizeGeneration: 5 },
      resize: async ({ cols }: WindowSize) => {
        asked.push(cols);
        if (cols < 100) throw refused;
        return { offset: 0, applied: true };
      },
    };
    const resizer = new Resizer(pty as unknown as Pty);
    resizer.want(size(90));
    await expect(resizer.settled()).rejects.toBe(refused);
    resizer.want(size(91));
    resizer.want(size(101));
    const settled = resizer.settled();
    await vi.waitFor(() => expect(asked).toEqual([90, 91, 101]));
    resizer.came(size(101), 6);
    resizer.release();
    await settled;
    expect(resizer.size).toEqual(size(101));
  });
});
