import { expect, it } from 'vitest';
import { clientEnvironment } from './client-environment.ts';

it('leaves out only what the protocol could not carry', () => {
  const env = { A: '1', EMPTY: '', UTF8: '語', LARGE: 'x'.repeat(128 * 1024) };
  const toolarge = {
    TOO_LARGE: 'x'.repeat(128 * 1024 + 1),
    ['N'.repeat(257)]: '1',
    '': '1',
    NONE: undefined,
  };
  expect(clientEnvironment({ ...env, ...toolarge }, false)).toEqual(env);
});

it('tells another machine of the person only', () => {
  const known = { LANG: 'de_DE.UTF-8', LC_ALL: 'C', TZ: 'UTC', LANGUAGE: 'de' };
  const own = {
    HOME: '/home/me',
    PATH: '/bin',
    AWS_SECRET_ACCESS_KEY: 'x',
    SSH_AUTH_SOCK: '/a',
    TRITERM_TOKEN: 't',
    LC_: 'x',
  };
  expect(clientEnvironment({ ...known, ...own }, true)).toEqual(known);
});
