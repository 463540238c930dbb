import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, editDistance } from './closest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['attach', 'atach', 1],
    ['attach', 'attahc', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %d', (a, b, distance) => expect(editDistance(a, b)).toBe(distance));

  it('is a distance: symmetric, 0 for equals only, at most the longer length', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('a suggestion', () => {
  const names = ['attach', 'capture', 'events', 'ls', 'kill'];

  it.each([
    ['atach', 'attach'],
    ['ATTACH', 'attach'],
    ['evnets', 'events'],
    ['sl', 'ls'],
    ['cap', 'capture'],
  ])('for %s is %s', (text, candidate) => expect(closest(text, names)).toBe(candidate));

  it.each(['frobnicate', 'x', '', 'y'])('is none for %j', text =>
    expect(closest(text, names)).toBeUndefined(),
  );
});
