import { createHash } from 'node:crypto';
import { newToken } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import { clientId } from './client-id.ts';

describe('a client’s id', () => {
  it('is the same as often as the client comes', () => {
    const token = newToken();
    expect(clientId(token)).toBe(clientId(token));
    expect(clientId(token)).toMatch(/^[0-9a-f]{8}$/);
    expect(clientId(newToken())).not.toBe(clientId(token));
  });

  it('is not to be had by choosing a token', () => {
    const token = newToken();
    const id = clientId(token);
    const [known, hash] = [token.slice(0, 8), createHash('sha256').update(token).digest('hex')];
    for (const guess of [known, hash.slice(0, 8)]) expect(id).not.toBe(guess);
    expect(clientId(token.slice(0, 8) + newToken().slice(8))).not.toBe(id);
  });
});
