import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { withDeadline } from './deadline.ts';

const expired = () => new Error('too late');
const block = (ms: number): void => {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
};

describe('a deadline', () => {
  it('passes what comes before it', async () => {
    expect(await withDeadline(Promise.resolve(7), 1000, expired)).toBe(7);
    await expect(withDeadline(Promise.reject(new Error('own')), 1000, expired)).rejects.toThrow('own');
  });

  it('rejects what does not come, and ignores it when it comes', async () => {
    const late = Promise.withResolvers<number>();
    const beganMs = performance.now();
    await expect(withDeadline(late.promise, 20, expired)).rejects.toThrow('too late');
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(19);
    late.reject(new Error('much later'));
    await new Promise(resolve => setImmediate(resolve));
  });

  it('lets what lies ready be read first, after the process was too busy to do so', async () => {
    const outcome = withDeadline(stat('/'), 20, expired);
    block(100);
    expect((await outcome).isDirectory()).toBe(true);
  });
});
