import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { differences, expectedScreen, screenAfter } from '../terminal/screen-state.ts';
import { ending, PAYLOADS, payloadBlock } from './payloads.ts';

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

it.each(PAYLOADS)('makes the same %s bytes each time', payload => {
  expect(digest(payloadBlock(payload))).toBe(digest(payloadBlock(payload)));
});

it.each(PAYLOADS)('expects of %s what a terminal shows after more repetitions', async payload => {
  const text = payloadBlock(payload).toString('utf8').repeat(3) + ending('@@X@@');
  const shown = await screenAfter(Buffer.from(text.replaceAll('\n', '\r\n')));
  const expected = await expectedScreen(payload, '@@X@@');
  expect(differences(expected, shown)).toBe(0);
  expect(differences(expected, await screenAfter(Buffer.from('@@X@@')))).toBeGreaterThan(0);
});
