import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../event-channel.ts';
import { changeMessages, parseInvalidation } from './invalidation.ts';

describe('changeMessages', () => {
  it('tells of every change once, in messages within their bound', () => {
    const changes = Array.from({ length: 2000 }, (_, i) => ({ id: `session${i}`, rev: 1_000_000 + i }));
    const messages = changeMessages(changes);
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(messages.flatMap(message => parseInvalidation(message)?.changes ?? [])).toEqual(changes);
  });

  it('says nothing of nothing', () => {
    expect(changeMessages([])).toEqual([]);
  });
});
