import { afterEach, describe, expect, it, vi } from 'vitest';
import { FLOW_KEPT_MS, HostedPty } from './hosted-pty.ts';
import { LogBudget } from './log-budget.ts';

const CHECKPOINT = { offset: 0, sizeGeneration: 0, bytes: Buffer.alloc(0) };

describe('the flow that a daemon set', () => {
  let pty: HostedPty | undefined;

  afterEach(() => {
    vi.useRealTimers();
    pty?.close();
  });

  function start(): HostedPty {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    pty = new HostedPty(
      1,
      {
        session: 'test',
        file: '/bin/cat',
        argv: ['cat'],
        cwd: '/',
        env: {},
        cols: 80,
        rows: 24,
        detachedOverflowAfterMs: null,
      },
      new LogBudget(1024 * 1024),
    );
    pty.setCheckpoint(CHECKPOINT);
    return pty;
  }

  it('is kept for half a minute after the daemon has gone', () => {
    const one = start();
    one.setFlow(5, 100);
    one.expireFlow();
    vi.advanceTimersByTime(FLOW_KEPT_MS - 1);
    expect(one.info.floor).toBe(5);
    vi.advanceTimersByTime(1);
    expect(one.info.floor).toBeNull();
  });

  it('is kept for longer when the next daemon sets it again', () => {
    const one = start();
    one.setFlow(5, 100);
    one.expireFlow();
    vi.advanceTimersByTime(FLOW_KEPT_MS - 1);
    one.setFlow(7, 100);
    vi.advanceTimersByTime(10 * FLOW_KEPT_MS);
    expect(one.info.floor).toBe(7);
  });
});
