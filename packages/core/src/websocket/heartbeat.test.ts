import { describe, expect, it } from 'vitest';
import { isDead } from './heartbeat.ts';

describe('the other side of a connection', () => {
  it('lives when it is heard, or takes what waits for it', () => {
    expect(isDead({ isHeard: true, waitingBytes: 0, takenBytes: 0 })).toBe(false);
    expect(isDead({ isHeard: true, waitingBytes: 100, takenBytes: 0 })).toBe(false);
    expect(isDead({ isHeard: false, waitingBytes: 100, takenBytes: 1 })).toBe(false);
  });

  it('is dead when it says nothing and takes nothing', () => {
    expect(isDead({ isHeard: false, waitingBytes: 0, takenBytes: 0 })).toBe(true);
    expect(isDead({ isHeard: false, waitingBytes: 100, takenBytes: 0 })).toBe(true);
  });

  it('is dead when only the buffer of the own system has taken something', () => {
    expect(isDead({ isHeard: false, waitingBytes: 0, takenBytes: 100 })).toBe(true);
  });
});
