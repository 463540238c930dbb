import { describe, expect, it } from 'vitest';
import { countKinds } from './key-kinds.ts';

describe('kinds of keys', () => {
  it('are what stands behind the prefix, the most frequent first, in a cluster too', () => {
    const keys = [
      'triterm:lock:session:1',
      'triterm:session:1',
      'triterm:session:{2}',
      'triterm:lock-queue:session:1',
      'triterm:',
    ];
    expect(countKinds(keys, 100)).toEqual({
      total: 5,
      truncated: false,
      kinds: { session: 2, lock: 1, 'lock-queue': 1, other: 1 },
    });
    expect(Object.keys(countKinds(keys, 100).kinds)[0]).toBe('session');
  });

  it('say that there may be more', () => {
    expect(countKinds(['triterm:session:1', 'triterm:session:2'], 2).truncated).toBe(true);
  });

  it('are bounded, whatever somebody has put there', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `triterm:kind${index}:x`);
    const { kinds, total } = countKinds(keys, 1000);
    expect(Object.keys(kinds).length).toBeLessThanOrEqual(33);
    expect(Object.values(kinds).reduce((a, b) => a + b)).toBe(total);
  });
});
