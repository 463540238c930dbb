import { TermError } from '@triterm/core/errors';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from './session.ts';
import { SessionLifecycle, type SessionLifecycleDependencies } from './session-lifecycle.ts';
import { SessionRegistry } from './session-registry.ts';

const RETENTION_MS = 60_000;

describe('an ended session that was kept for its time', () => {
  let registry: SessionRegistry;
  let lifecycle: SessionLifecycle;
  /** Whether the database takes the next removals; and how many there were. */
  let isAway: boolean;
  let tried: number;
  let told: string[];
  /** Happens while it is being removed. */
  let meanwhile: () => void;
  let session: Session;
  let config: { exitedRetentionMs: number };

  beforeEach(() => {
    config = { exitedRetentionMs: RETENTION_MS };
    vi.useFakeTimers();
    registry = new SessionRegistry();
    isAway = false;
    tried = 0;
    meanwhile = () => {};
    told = [];
    lifecycle = new SessionLifecycle({
      registry,
      config,
      trouble: (_session: string, what: string) => told.push(what),
    } as unknown as SessionLifecycleDependencies);
    const doc = exampleDoc({ endedAt: new Date().toISOString() });
    session = {
      ...{ id: '0a0a0a0a0a0a', row: { state: 'exited', doc }, emit: () => {}, leave: () => {} },
      files: { discard: async () => {} },
      record: {
        close: () => {},
        delete: async () => {
          tried += 1;
          meanwhile();
          if (isAway) throw new TermError('STORE_UNAVAILABLE', 'It is away.');
        },
      },
    } as unknown as Session;
    registry.add(session);
    lifecycle.retain(session);
  });
  afterEach(() => {
    lifecycle.stop();
    vi.useRealTimers();
  });

  it('is removed then, and not before', async () => {
    await vi.advanceTimersByTimeAsync(RETENTION_MS - 1);
    expect(tried).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([tried, registry.size]).toEqual([1, 0]);
  });

  it('is kept for longer than a timer can run, where that is wanted', async () => {
    const days = 24 * 60 * 60_000;
    config.exitedRetentionMs = 90 * days;
    lifecycle.retainAnew();
    await vi.advanceTimersByTimeAsync(90 * days - 1);
    expect(tried).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([tried, registry.size]).toEqual([1, 0]);
  });

  it('is removed as soon as the database is back, when that was away', async () => {
    isAway = true;
    await vi.advanceTimersByTimeAsync(RETENTION_MS + 25_000);
    expect([tried, registry.size]).toEqual([3, 1]);
    expect(new Set(told)).toEqual(new Set(['removing an ended session']));
    isAway = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([tried, registry.size]).toEqual([4, 0]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tried).toBe(4);
  });

  it('waits for who has not read all of it', async () => {
    const attachments = new Set(['somebody']);
    Object.assign(session, { live: { attachments, dismissAll: () => {}, pty: { forget: async () => {} } } });
    await vi.advanceTimersByTimeAsync(RETENTION_MS + 60_000);
    expect(tried).toBe(0);
    attachments.clear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([tried, registry.size]).toEqual([1, 0]);
  });

  it('has its program forgotten by a host that is away for a while', async () => {
    let asked = 0;
    const forget = async () => {
      asked += 1;
      if (asked < 3) throw new TermError('PTY_HOST_UNAVAILABLE', 'It is away.');
    };
    Object.assign(session, { live: { attachments: new Set(), dismissAll: () => {}, pty: { forget } } });
    await vi.advanceTimersByTimeAsync(RETENTION_MS);
    expect([asked, registry.size]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toBe(3);
  });

  it('is not removed again when it is not here any more', async () => {
    isAway = true;
    meanwhile = () => lifecycle.letGo(session);
    await vi.advanceTimersByTimeAsync(RETENTION_MS);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tried).toBe(1);
  });
});
