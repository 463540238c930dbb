import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ControllerWindow, decideSize, SIZE_POLICIES } from './size-policy.ts';
import { isWindowSize, MAX_SIDE } from './window-size.ts';

const side = fc.integer({ min: 1, max: MAX_SIDE });
const anySize = fc.record({ cols: side, rows: side });
const anyWindow: fc.Arbitrary<ControllerWindow> = fc.record({
  cols: side,
  rows: side,
  activeAtMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
});
const someWindows = fc.array(anyWindow, { minLength: 1, maxLength: 8 });
const anyPolicy = fc.constantFrom(...SIZE_POLICIES);

describe('the size policy', () => {
  it('keeps the size without controllers, and always when manual', () => {
    fc.assert(
      fc.property(anyPolicy, anySize, someWindows, (policy, current, windows) => {
        expect(decideSize(policy, current, [])).toBe(current);
        expect(decideSize('manual', current, windows)).toBe(current);
      }),
    );
  });

  it('gives a lone controller its window', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('latest', 'smallest', 'largest'),
        anySize,
        anyWindow,
        (policy, current, window) => {
          expect(decideSize(policy, current, [window])).toEqual({ cols: window.cols, rows: window.rows });
        },
      ),
    );
  });

  it('latest: follows the controller active last', () => {
    fc.assert(
      fc.property(anySize, someWindows, (current, windows) => {
        const lastMs = Math.max(...windows.map(window => window.activeAtMs));
        const last = windows.find(window => window.activeAtMs === lastMs);
        expect(decideSize('latest', current, windows)).toEqual({ cols: last?.cols, rows: last?.rows });
      }),
    );
  });

  it('smallest and largest: the least and the greatest of each side, in any order', () => {
    fc.assert(
      fc.property(anySize, someWindows, (current, windows) => {
        const cols = windows.map(window => window.cols);
        const rows = windows.map(window => window.rows);
        for (const order of [windows, windows.toReversed()]) {
          expect(decideSize('smallest', current, order)).toEqual({
            cols: Math.min(...cols),
            rows: Math.min(...rows),
          });
          expect(decideSize('largest', current, order)).toEqual({
            cols: Math.max(...cols),
            rows: Math.max(...rows),
          });
        }
      }),
    );
  });

  it('decides a legal size that does not depend on the present one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('latest', 'smallest', 'largest'),
        anySize,
        anySize,
        someWindows,
        (policy, a, b, windows) => {
          const decided = decideSize(policy, a, windows);
          expect(isWindowSize(decided)).toBe(true);
          expect(Object.keys(decided).toSorted()).toEqual(['cols', 'rows']);
          expect(decideSize(policy, b, windows)).toEqual(decided);
        },
      ),
    );
  });

  it('gives back the present size itself when nothing changes', () => {
    const current = { cols: 80, rows: 24 };
    expect(decideSize('latest', current, [{ ...current, activeAtMs: 1 }])).toBe(current);
  });
});
