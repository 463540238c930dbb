import { expect, it } from 'vitest';
import { idealWaitsMs, overtaken } from './ideal-queue.ts';

const TURNS = [
  { askedMs: 0, gotMs: 1, releasedMs: 6 },
  { askedMs: 2, gotMs: 8, releasedMs: 13 },
  { askedMs: 3, gotMs: 15, releasedMs: 20 },
  { askedMs: 25, gotMs: 26, releasedMs: 31 },
];

it('waits for those who asked before and have not given it back', () => {
  expect(idealWaitsMs(TURNS, 5)).toEqual([0, 5, 10, 0]);
});

it('counts who was overtaken', () => {
  expect(overtaken(TURNS)).toBe(0);
  expect(overtaken([...TURNS, { askedMs: 1, gotMs: 21, releasedMs: 26 }])).toBe(1);
});
