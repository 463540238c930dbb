import { expect, it } from 'vitest';
import { exposureOf } from './private-file.ts';

const OWN = 1000;

it.each([
  [0o600, OWN],
  [0o400, OWN],
  [0o100600, OWN],
  [0o640, 0],
  [0o440, 0],
])('a secret may be in a file of mode %o that belongs to %i', (mode, uid) => {
  expect(exposureOf('/f', { mode, uid }, OWN)).toBeUndefined();
});

it.each([0o644, 0o640, 0o604, 0o620, 0o601])('not in one of ours of mode %o', mode => {
  expect(exposureOf('/f', { mode, uid: OWN }, OWN)).toEqual({
    reason: `/f is open to other users (mode 0${mode.toString(8)})`,
    hint: "Close it to them: chmod 600 '/f'",
  });
});

it.each([0o644, 0o660, 0o604])('not in one of root’s of mode %o', mode => {
  expect(exposureOf('/f', { mode, uid: 0 }, OWN)).toBeDefined();
});

it('not in one of somebody else, whoever we are', () => {
  for (const own of [OWN, 0])
    expect(exposureOf('/f', { mode: 0o600, uid: 1001 }, own)).toEqual({
      reason: '/f belongs to another user (uid 1001)',
      hint: `Make it yours: chown ${own} '/f'`,
    });
});
