import { describe, expect, it } from 'vitest';
import type { ChannelListener, EventChannel } from '../event-channel.ts';
import { LIVE_MS, LiveChannel } from './live-channel.ts';

/** A server that hands messages on when it is told to. */
class HeldChannel implements EventChannel {
  readonly held: string[] = [];
  #listener: ChannelListener | undefined;

  async publish(message: string): Promise<void> {
    this.held.push(message);
  }

  async subscribe(listener: ChannelListener): Promise<void> {
    this.#listener = listener;
  }

  async close(): Promise<void> {}

  deliver(): void {
    for (const message of this.held.splice(0)) this.#listener?.message(message);
  }

  gap(): void {
    this.#listener?.gap();
  }
}

describe('LiveChannel', () => {
  const make = async () => {
    let nowMs = 1000;
    const channel = new HeldChannel();
    const gaps: number[] = [];
    const heard: unknown[] = [];
    const live = new LiveChannel(
      channel,
      'me',
      { heard: message => heard.push(message), gap: () => gaps.push(nowMs) },
      () => nowMs,
    );
    await live.start();
    return {
      live,
      channel,
      gaps,
      heard,
      isLive: () => nowMs < live.liveUntilMs,
      at: (ms: number) => (nowMs = ms),
    };
  };

  it('is live from the time at which a heartbeat that came back was sent', async () => {
    const { live, channel, isLive, at } = await make();
    expect(isLive()).toBe(false);
    at(1300);
    channel.deliver();
    expect(live.liveUntilMs).toBe(1000 + LIVE_MS);
    at(1000 + LIVE_MS);
    expect(isLive()).toBe(false);
    await live.close();
  });

  it('is not live when what comes back was sent too long ago, and tells of the gap', async () => {
    const { live, channel, isLive, gaps, at } = await make();
    channel.deliver();
    const confirmed = live.confirmed(AbortSignal.timeout(5000));
    at(3000);
    channel.deliver();
    await confirmed;
    expect(isLive()).toBe(false);
    expect(gaps).toEqual([3000]);
    await live.close();
  });

  it('confirms by heartbeats only that were sent after it was asked', async () => {
    const { live, channel, at } = await make();
    at(1010);
    let done = false;
    const early = channel.held.splice(0);
    const confirmed = live.confirmed(AbortSignal.timeout(5000)).then(() => {
      done = true;
    });
    const late = channel.held.splice(0);
    channel.held.push(...early);
    channel.deliver();
    await Promise.resolve();
    expect(done).toBe(false);
    channel.held.push(...late);
    channel.deliver();
    await confirmed;
    await live.close();
  });

  it('gives up confirming when it is told to', async () => {
    const { live } = await make();
    await expect(live.confirmed(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    await live.close();
  });

  it('is not live after its connection was lost until a new heartbeat has come round', async () => {
    const { live, channel, isLive, gaps } = await make();
    channel.deliver();
    expect(isLive()).toBe(true);
    channel.gap();
    expect(isLive()).toBe(false);
    expect(gaps).toHaveLength(1);
    await live.close();
  });

  it('hands on changes and epochs, and nothing that is no message', async () => {
    const { live, channel, heard } = await make();
    channel.held.push(
      '{"c":[["a",5]]}',
      '{"e":{"db":"x","cache":2}}',
      'garbage',
      '{"c":"no"}',
      '{"later":1}',
    );
    channel.deliver();
    expect(heard).toEqual([
      { changes: [{ id: 'a', rev: 5 }], drops: [], epochs: undefined, heartbeat: undefined },
      { changes: [], drops: [], epochs: { db: 'x', cache: 2 }, heartbeat: undefined },
    ]);
    await live.close();
  });
});
