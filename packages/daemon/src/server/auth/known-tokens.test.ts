import type { TokenRow } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import { KnownTokens } from './known-tokens.ts';

const ROW: TokenRow = {
  id: '0123abcd',
  userId: 'anna',
  scope: 'use',
  sessionId: null,
  hash: '00',
  label: '',
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  expired: false,
};

describe('a token that the database has confirmed', () => {
  it('is believed for a minute, and longer when it is confirmed again', () => {
    const known = new KnownTokens();
    known.confirm(ROW, 0);
    expect(known.recall(ROW.id, 60_000, 0)).toEqual(ROW);
    expect(known.recall(ROW.id, 60_001, 0)).toBeUndefined();
    known.confirmAgain([ROW.id, 'ffffffff'], 50_000);
    expect(known.recall(ROW.id, 110_000, 0)).toEqual(ROW);
    expect(known.recall('ffffffff', 50_000, 0)).toBeUndefined();
  });

  it('is not believed once it was refused', () => {
    const known = new KnownTokens();
    known.confirm(ROW, 0);
    known.forget(ROW.id);
    expect(known.recall(ROW.id, 0, 0)).toBeUndefined();
  });

  it('expires by the clock of this machine', () => {
    const known = new KnownTokens();
    known.confirm({ ...ROW, expiresAt: 1000 }, 0);
    expect(known.recall(ROW.id, 1, 999)?.expired).toBe(false);
    expect(known.recall(ROW.id, 1, 1000)?.expired).toBe(true);
  });

  it('makes room for others, the one that was confirmed longest ago first', () => {
    const known = new KnownTokens();
    known.confirm(ROW, 0);
    for (let n = 0; n < 4096; n++) known.confirm({ ...ROW, id: n.toString(16).padStart(8, '0') }, 1);
    expect(known.recall(ROW.id, 1, 0)).toBeUndefined();
    expect(known.recall('00000fff', 1, 0)).toBeDefined();
  });
});
