import { describe, expect, it, vi } from 'vitest';
import { ReplayGate } from './replay-gate.ts';

describe('the gate for clients of an earlier daemon', () => {
  it('is open where the stream has come to where that one had it', async () => {
    await new ReplayGate(0).passed(0);
    await new ReplayGate(10).passed(10);
  });

  it('opens for all who wait as soon as the stream comes there, and not before', async () => {
    const gate = new ReplayGate(10);
    const passed: string[] = [];
    const waiting = ['a', 'b'].map(name => gate.passed(3).then(() => passed.push(name)));
    gate.reached(9);
    await Promise.resolve();
    expect(passed).toEqual([]);
    gate.reached(10);
    await Promise.all(waiting);
    expect(passed).toEqual(['a', 'b']);
  });

  it('opens for good when the session is let go of', async () => {
    const gate = new ReplayGate(10);
    const waiting = gate.passed(3);
    gate.open();
    await waiting;
    await gate.passed(3);
  });

  it('keeps nobody longer than five seconds', async () => {
    vi.useFakeTimers();
    try {
      const waiting = new ReplayGate(10).passed(3);
      await vi.advanceTimersByTimeAsync(5000);
      await waiting;
    } finally {
      vi.useRealTimers();
    }
  });
});
