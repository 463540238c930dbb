import { describe, expect, it } from 'vitest';
import { sessionInfo } from '../testing/session-info.ts';
import { firstShown, matching, pressed, typed } from './picker-state.ts';

const START = { filter: '', selected: 0 };

describe('matching', () => {
  const sessions = [
    sessionInfo({ name: 'web', command: 'npm start', cwd: '/home/me/site' }),
    sessionInfo({ name: 'build', command: 'make -j8', cwd: '/home/me/kernel' }),
    sessionInfo({ name: 'notes', command: 'vim', title: 'Shopping' }),
  ];
  const names = (filter: string) => matching(sessions, filter).map(session => session.name);

  it('finds all words anywhere, whatever their case', () => {
    expect(names('')).toEqual(['web', 'build', 'notes']);
    expect(names('MAKE')).toEqual(['build']);
    expect(names('me site')).toEqual(['web']);
    expect(names('shop')).toEqual(['notes']);
    expect(names('web build')).toEqual([]);
  });
});

describe('pressed', () => {
  it('moves around at both ends', () => {
    expect(pressed(START, 'up', 3, 2).selected).toBe(2);
    expect(pressed({ ...START, selected: 2 }, 'down', 3, 2).selected).toBe(0);
  });

  it('moves by pages, and stops at the ends', () => {
    expect(pressed(START, 'pageDown', 5, 3).selected).toBe(3);
    expect(pressed({ ...START, selected: 3 }, 'pageDown', 5, 3).selected).toBe(4);
    expect(pressed({ ...START, selected: 1 }, 'pageUp', 5, 3).selected).toBe(0);
    expect(pressed({ ...START, selected: 1 }, 'last', 5, 3).selected).toBe(4);
  });

  it('has something selected even where nothing is shown', () => {
    for (const key of ['up', 'down', 'pageUp', 'pageDown', 'first', 'last'] as const)
      expect(pressed(START, key, 0, 3).selected).toBe(0);
  });

  it('takes typed text back by characters', () => {
    const state = typed(typed({ filter: 'a', selected: 2 }, 'ü'), '😀');
    expect(state).toEqual({ filter: 'aü😀', selected: 0 });
    expect(pressed(state, 'erase', 1, 3).filter).toBe('aü');
    expect(pressed(state, 'eraseAll', 1, 3).filter).toBe('');
  });
});

describe('firstShown', () => {
  it('keeps the selected one in the window and the window within the list', () => {
    for (let selected = 0; selected < 10; selected += 1) {
      const first = firstShown(selected, 10, 4);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(first).toBeLessThanOrEqual(6);
      expect(selected - first).toBeGreaterThanOrEqual(0);
      expect(selected - first).toBeLessThan(4);
    }
    expect(firstShown(1, 2, 10)).toBe(0);
  });
});
