import { describe, expect, it } from 'vitest';
import { stampedPlist, stampedUnit, unitState } from './unit-stamp.ts';

const OLD = '[Unit]\nDescription=old\n';
const NEW = '[Unit]\nDescription=new\n';

describe.each([
  ['a unit', stampedUnit],
  ['a property list', stampedPlist],
])('the stamp of %s', (_, stamped) => {
  const wanted = stamped(NEW);

  it('tells what is ours from what is not', () => {
    expect(unitState(undefined, wanted)).toBe('absent');
    expect(unitState(wanted, wanted)).toBe('current');
    expect(unitState(stamped(OLD), wanted)).toBe('outdated');
    expect(unitState(NEW, wanted)).toBe('foreign');
    expect(unitState('', wanted)).toBe('foreign');
  });

  it('notices a change', () => {
    expect(unitState(stamped(OLD).replace('=old', '=mine'), wanted)).toBe('edited');
    expect(unitState(wanted.replace('=new', '=mine'), wanted)).toBe('edited');
  });
});

it('a unit that somebody has added to is theirs', () => {
  expect(unitState(`${stampedUnit(OLD)}# mine\n`, stampedUnit(NEW))).toBe('edited');
});
