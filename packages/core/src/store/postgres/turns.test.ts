import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

const options = { waitMs: 10_000, maxWaiters: 10 };

describe('turns', () => {
  it('are taken one after the other, in the order in which they were asked for, by name', async () => {
    const turns = new Turns(options);
    const first = Promise.withResolvers<void>();
    const begun: string[] = [];
    const takes = [
      turns.take(['a'], () => {
        begun.push('1 a');
        return first.promise;
      }),
      turns.take(['a', 'b'], async () => void begun.push('2 a b')),
      turns.take(['a'], async () => void begun.push('3 a')),
      turns.take(['c'], async () => void begun.push('4 c')),
    ];
    await takes[3];
    expect(begun).toEqual(['1 a', '4 c']);
    first.resolve();
    await Promise.all(takes);
    expect(begun).toEqual(['1 a', '4 c', '2 a b', '3 a']);
  });

  it('are given back by work that fails, which is what taking them rejects with', async () => {
    const turns = new Turns(options);
    const fail = () => Promise.reject(new Error('no'));
    await expect(turns.take(['a', 'b'], fail)).rejects.toThrow('no');
    expect(await turns.take(['b', 'a'], async () => 'yes')).toBe('yes');
  });

  it('are had once where one is named twice', async () => {
    expect(await new Turns(options).take(['a', 'a'], async () => 'yes')).toBe('yes');
  });

  it('are waited for until the deadline, which holds for all of them together, and give back what was had', async () => {
    const turns = new Turns({ ...options, waitMs: 20 });
    const held = Promise.withResolvers<void>();
    const holding = turns.take(['b'], () => held.promise);
    const refused = { code: 'STORE_UNAVAILABLE', cause: { code: 'LOCK_TIMEOUT' } };
    await expect(turns.take(['a', 'b'], async () => {})).rejects.toMatchObject(refused);
    expect(await turns.take(['a'], async () => 'yes')).toBe('yes');
    held.resolve();
    await holding;
    expect(await turns.take(['a', 'b'], async () => 'yes')).toBe('yes');
  });

  it('are refused at once when too many wait', async () => {
    const turns = new Turns({ ...options, maxWaiters: 1 });
    const held = Promise.withResolvers<string>();
    const served = [turns.take(['a'], () => held.promise), turns.take(['a'], () => held.promise)];
    await setImmediate();
    const refused = { code: 'STORE_UNAVAILABLE', cause: { code: 'TOO_MANY_WAITING' } };
    await expect(turns.take(['a'], () => held.promise)).rejects.toMatchObject(refused);
    held.resolve('done');
    expect(await Promise.all(served)).toEqual(['done', 'done']);
  });
});
