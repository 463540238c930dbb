import { expect, it } from 'vitest';
import { errnoName } from './errno-name.ts';

it('a system error has a name only when the system gave it one', () => {
  expect(errnoName(Object.assign(new Error('ENOENT: it says no'), { code: 'ENOENT' }))).toBe('ENOENT');
  for (const thrown of [
    new Error('x'),
    Object.assign(new Error('x'), { code: 7 }),
    'ENOENT',
    undefined,
    { code: 'ENOENT' },
  ])
    expect(errnoName(thrown)).toBeUndefined();
});
