import { describe, expect, it } from 'vitest';
import { canMove, SESSION_STATES } from './session.ts';

describe('a session', () => {
  it.each([
    ['running', 'exited'],
    ['running', 'lost'],
    ['lost', 'running'],
  ] as const)('may go from %s to %s', (from, to) => expect(canMove(from, to)).toBe(true));

  it('may go no other way: an ended one never comes back, a lost one only by being made anew', () => {
    const moves = SESSION_STATES.flatMap(from => SESSION_STATES.map(to => [from, to] as const));
    expect(moves.filter(([from, to]) => canMove(from, to))).toHaveLength(3);
    for (const state of SESSION_STATES) {
      expect(canMove(state, state)).toBe(false);
      expect(canMove('exited', state)).toBe(false);
    }
  });
});
