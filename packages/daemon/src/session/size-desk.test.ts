import type { WindowSize } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import { SizeDesk } from './size-desk.ts';

const client = (cols: number, activeAtMs: number, role: 'controller' | 'viewer' = 'controller') => ({
  role,
  window: { cols, rows: 24 },
  activeAtMs,
});

function deskOf(policy: 'latest' | 'smallest' | 'manual', ...clients: ReturnType<typeof client>[]) {
  const wanted: number[] = [];
  const resizer = {
    size: { cols: 80, rows: 24 },
    want: ({ cols }: WindowSize) => void wanted.push(cols),
  };
  return { desk: new SizeDesk(policy, new Set(clients), resizer), wanted };
}

describe('the size of a session', () => {
  it('is that of the controller who typed or attached last, never that of a viewer', () => {
    const [old, late, viewer] = [client(100, 1), client(120, 2), client(140, 3, 'viewer')];
    const { desk, wanted } = deskOf('latest', old, late, viewer);
    expect(desk.latestController).toBe(late);
    desk.decide();
    desk.typed(old, 4);
    expect(wanted).toEqual([120, 100]);
    expect(desk.latestController).toBe(old);
  });

  it('is not decided anew while the same one types, nor by typing where another rule holds', () => {
    const [old, late] = [client(100, 1), client(120, 2)];
    const latest = deskOf('latest', old, late);
    latest.desk.typed(late, 3);
    const smallest = deskOf('smallest', old, late);
    smallest.desk.typed(old, 5);
    expect([...latest.wanted, ...smallest.wanted]).toEqual([]);
    expect(old.activeAtMs).toBe(5);
  });

  it('follows another policy at once', () => {
    const { desk, wanted } = deskOf('latest', client(100, 1), client(120, 2));
    desk.policy = 'smallest';
    expect(wanted).toEqual([100]);
  });

  it('is that of whoever takes it, also where nobody’s window counts', () => {
    const [old, late] = [client(100, 1), client(120, 2)];
    const { desk, wanted } = deskOf('manual', old, late);
    desk.take(old);
    expect(wanted).toEqual([100]);
  });
});
