import { describe, expect, it } from 'vitest';
import { follow } from './viewport.ts';

const screen = { cols: 120, rows: 40 };
const window = { cols: 60, rows: 20 };

describe('follow', () => {
  it('stays while the cursor is in the window', () => {
    expect(follow({ top: 5, left: 10 }, window, screen, { row: 5, col: 69 })).toEqual({ top: 5, left: 10 });
  });

  it('moves as far down or up as needed', () => {
    expect(follow({ top: 5, left: 0 }, window, screen, { row: 25, col: 0 }).top).toBe(6);
    expect(follow({ top: 5, left: 0 }, window, screen, { row: 2, col: 0 }).top).toBe(2);
  });

  it('moves sideways with a margin, but not beyond the screen', () => {
    expect(follow({ top: 0, left: 0 }, window, screen, { row: 0, col: 60 }).left).toBe(9);
    expect(follow({ top: 0, left: 0 }, window, screen, { row: 0, col: 119 }).left).toBe(60);
    expect(follow({ top: 0, left: 60 }, window, screen, { row: 0, col: 3 }).left).toBe(0);
  });

  it('stands at the corner when the window is larger', () => {
    expect(follow({ top: 7, left: 7 }, { cols: 200, rows: 60 }, screen, { row: 39, col: 119 })).toEqual({
      top: 0,
      left: 0,
    });
  });
});
