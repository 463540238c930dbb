import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../session-store.ts';
import { L1 } from './l1.ts';

const tombstone = (id: string, rev: number): SessionRecord => ({ id, rev, deleted: true });

describe('L1', () => {
  it('keeps the newer of two', () => {
    const l1 = new L1({ entries: 10, ttlMs: 1000 });
    l1.put(tombstone('a', 5), 0);
    l1.put(tombstone('a', 4), 0);
    expect(l1.get('a')?.record.rev).toBe(5);
    l1.put(tombstone('a', 6), 0);
    expect(l1.get('a')?.record.rev).toBe(6);
  });

  it('drops what is below a revision, and only that', () => {
    const l1 = new L1({ entries: 10, ttlMs: 1000 });
    l1.put(tombstone('a', 5), 0);
    l1.dropBelow('a', 5);
    expect(l1.get('a')).toBeDefined();
    l1.dropBelow('a', 6);
    expect(l1.get('a')).toBeUndefined();
  });

  it('shares values that nobody can change', () => {
    const l1 = new L1({ entries: 10, ttlMs: 1000 });
    const { record } = l1.put(tombstone('a', 5), 0);
    expect(() => Object.assign(record, { rev: 6 })).toThrow(TypeError);
  });

  it('is bounded, forgets the least used, and counts its clearings', () => {
    const l1 = new L1({ entries: 2, ttlMs: 1000 });
    for (const id of ['a', 'b', 'c']) l1.put(tombstone(id, 1), 0);
    expect(l1.size).toBe(2);
    expect(l1.peek('a')).toBeUndefined();
    const { generation } = l1;
    l1.clear();
    expect(l1.size).toBe(0);
    expect(l1.generation).not.toBe(generation);
  });
});
