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
  expect(clientEnvironment({ ...env, ...toolarge })).toEqual(env);
});
