import { describe, expect, it } from 'vitest';
import { budgetFor, GUARANTEED_BYTES, LogBudget } from './log-budget.ts';

const GIB = 1024 ** 3;

describe('the log budget', () => {
  it('is a sixteenth of the memory, 256 MiB at most', () => {
    expect(budgetFor(GIB)).toBe(GIB / 16);
    expect(budgetFor(64 * GIB)).toBe(GIB / 4);
  });

  it('refuses growth beyond the total, and allows it again when somebody gives back', () => {
    const budget = new LogBudget(1000, 100);
    const [a, b] = [budget.open(), budget.open()];
    a.grow(900);
    expect(b.canGrow(100)).toBe(true);
    b.grow(100);
    expect(b.canGrow(1)).toBe(false);
    let freed = 0;
    budget.onFreed = () => {
      freed += 1;
    };
    a.shrink(500);
    expect(freed).toBe(1);
    expect(b.canGrow(500)).toBe(true);
    expect(b.canGrow(501)).toBe(false);
  });

  it('never refuses the guaranteed size, even when the total is spent', () => {
    const budget = new LogBudget(GUARANTEED_BYTES);
    const shares = Array.from({ length: 4 }, () => budget.open());
    for (const share of shares) {
      expect(share.canGrow(GUARANTEED_BYTES)).toBe(true);
      share.grow(GUARANTEED_BYTES);
      expect(share.canGrow(1)).toBe(false);
    }
  });

  it('keeps the guarantee of an empty share from the others', () => {
    const budget = new LogBudget(1000, 100);
    const greedy = budget.open();
    budget.open();
    expect(greedy.canGrow(900)).toBe(true);
    expect(greedy.canGrow(901)).toBe(false);
  });

  it('counts what was read beyond the total, and has nothing left when all is closed', () => {
    const budget = new LogBudget(1000, 100);
    const share = budget.open();
    share.grow(5000);
    expect(budget.usedBytes).toBe(5000);
    share.close();
    expect(budget.usedBytes).toBe(0);
  });

  it('tells nobody while a share stays within its guarantee', () => {
    const budget = new LogBudget(1000, 100);
    const share = budget.open();
    budget.onFreed = () => {
      throw new Error('nothing was freed');
    };
    share.grow(100);
    share.shrink(100);
  });
});
