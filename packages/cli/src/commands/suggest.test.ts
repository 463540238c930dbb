import { expect, it } from 'vitest';
import { didYouMean } from './suggest.ts';

it('suggests by a question, or not at all', () => {
  expect(didYouMean('kil', ['attach', 'kill'])).toBe(' Did you mean kill?');
  expect(didYouMean('frobnicate', ['attach', 'kill'])).toBe('');
});
