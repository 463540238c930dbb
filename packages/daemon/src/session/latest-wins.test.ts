import { describe, expect, it } from 'vitest';
import { LatestWins } from './latest-wins.ts';

/** Work that ends when it is told to. */
function manualWork() {
  const begun: { readonly value: number; readonly end: () => void; readonly fail: () => void }[] = [];
  const work = (value: number) =>
    new Promise<void>((resolve, reject) => {
      begun.push({ value, end: resolve, fail: () => reject(new Error(`failed at ${value}`)) });
    });
  return { begun, latest: new LatestWins(work) };
}

describe('latest wins', () => {
  it('works on the first value at once, and of those that wait on the last one only', async () => {
    const { begun, latest } = manualWork();
    const done = [1, 2, 3, 4].map(value => latest.run(value));
    expect(begun.map(({ value }) => value)).toEqual([1]);
    begun[0]?.end();
    await done[0];
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.end();
    await Promise.all(done);
    expect(begun.map(({ value }) => value)).toEqual([1, 4]);
  });

  it('goes on after a failure, which only those learn of whose value it was', async () => {
    const { begun, latest } = manualWork();
    const first = latest.run(1);
    const second = latest.run(2);
    begun[0]?.fail();
    await expect(first).rejects.toThrow('failed at 1');
    await expect.poll(() => begun.length).toBe(2);
    const third = latest.run(3);
    begun[1]?.end();
    await second;
    await expect.poll(() => begun.length).toBe(3);
    begun[2]?.end();
    await third;
    const fourth = latest.run(4);
    expect(begun.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
    begun[3]?.end();
    await fourth;
  });
});
