import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TermError } from '../errors/index.ts';
import type { ChannelListener, EventChannel } from './event-channel.ts';
import { FallbackChannel } from './fallback-channel.ts';
import { MemoryHub } from './memory/memory-channel.ts';

/** A hub of longer messages, whose channels fail or hang when they are told to. */
class Way {
  opened = 0;
  published = 0;
  #hub = new MemoryHub();
  /** What a call of a channel does before it is carried out. */
  before: () => Promise<void> = async () => {};
  /** What it does afterwards. */
  after: () => Promise<void> = async () => {};

  interrupt(): void {
    this.#hub.interrupt();
  }

  channel(): EventChannel {
    const inner = this.#hub.channel();
    return {
      publish: async text => {
        this.published += 1;
        await this.before();
        await inner.publish(text);
        await this.after();
      },
      subscribe: async (listener: ChannelListener) => {
        this.opened += 1;
        await this.before();
        await inner.subscribe(listener);
      },
      close: () => inner.close(),
    };
  }
}

const failing = () => Promise.reject(new TermError('CACHE_UNAVAILABLE', 'away'));

describe('a channel over Redis, and the database when that is away', () => {
  let redis: Way;
  let database: Way;
  let isUp: boolean;
  const channels: FallbackChannel[] = [];
  const heard: string[] = [];
  const listener = { message: (text: string) => heard.push(text), gap: () => heard.push('-gap-') };
  const open = (): FallbackChannel => {
    const made = new FallbackChannel({
      redis: redis.channel(),
      database: database.channel(),
      isUp: () => isUp,
    });
    channels.push(made);
    return made;
  };
  beforeEach(() => {
    [redis, database] = [new Way(), new Way()];
    isUp = true;
    heard.length = 0;
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(channels.splice(0).map(channel => channel.close()));
  });

  it('opens nothing before it is used', () => {
    open();
    expect([redis.opened, database.opened]).toEqual([0, 0]);
  });

  it('uses one way at a time, and hears both', async () => {
    const [sender, receiver] = [open(), open()];
    await receiver.subscribe(listener);
    await sender.publish('by Redis');
    isUp = false;
    await sender.publish('by the database');
    await expect.poll(() => heard).toEqual(['by Redis', 'by the database']);
    expect([redis.published, database.published]).toEqual([1, 1]);
  });

  it('tells once what went by both ways, and twice what was said twice', async () => {
    const [sender, receiver] = [open(), open()];
    await receiver.subscribe(listener);
    // The answer is lost, not the message.
    redis.after = failing;
    await sender.publish('same');
    await sender.publish('same');
    await expect.poll(() => heard).toEqual(['same', 'same']);
    expect([redis.published, database.published]).toEqual([2, 2]);
  });

  it('rejects when neither way takes it', async () => {
    redis.before = failing;
    database.before = () => Promise.reject(new TermError('STORE_UNAVAILABLE', 'away'));
    await expect(open().publish('nobody')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('uses Redis alone where the database has no channel, up or not', async () => {
    isUp = false;
    const alone = new FallbackChannel({ redis: redis.channel(), database: undefined, isUp: () => isUp });
    channels.push(alone);
    await alone.subscribe(listener);
    await alone.publish('heard');
    await expect.poll(() => heard).toEqual(['heard']);
    redis.before = failing;
    await expect(alone.publish('lost')).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE' });
  });

  it('is subscribed to at a deadline though one way hangs, and tells of a gap when that comes', async () => {
    vi.useFakeTimers();
    const come = Promise.withResolvers<void>();
    database.before = () => come.promise;
    const channel = open();
    let isSubscribed = false;
    const subscribed = channel.subscribe(listener).then(() => {
      isSubscribed = true;
    });
    await vi.advanceTimersByTimeAsync(2000);
    expect(isSubscribed).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    await subscribed;
    await channel.publish('by Redis');
    come.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['by Redis', '-gap-']);
  });

  it('tries again a way that gives no leave', async () => {
    redis.before = failing;
    const channel = open();
    const subscribed = channel.subscribe(listener);
    await expect.poll(() => redis.opened).toBe(1);
    redis.before = async () => {};
    await subscribed;
    await channel.publish('back');
    await expect.poll(() => heard).toEqual(['back']);
    expect([redis.opened, database.opened]).toEqual([2, 1]);
  });

  it('passes on that messages may be missing, of either way', async () => {
    await open().subscribe(listener);
    redis.interrupt();
    database.interrupt();
    expect(heard).toEqual(['-gap-', '-gap-']);
  });

  it('ends a subscription that was never confirmed when it is closed', async () => {
    redis.before = failing;
    database.before = failing;
    const channel = open();
    const subscribed = expect(channel.subscribe(listener)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await channel.close();
    await subscribed;
    await expect(channel.publish('late')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('remembers no more than its bound, and tells what is new all the same', async () => {
    const [sender, receiver] = [open(), open()];
    await receiver.subscribe(listener);
    const sent = Array.from({ length: 5000 }, (_, i) => `${i}`);
    for (const text of sent) await sender.publish(text);
    await expect.poll(() => heard.length).toBe(sent.length);
  });

  it('takes what no channel of ours has sent for nothing', async () => {
    const stranger = database.channel();
    await open().subscribe(listener);
    for (const text of ['', 'hello', ' no id', `${'x'.repeat(100)} text`]) await stranger.publish(text);
    await open().publish('ours');
    await expect.poll(() => heard).toEqual(['ours']);
  });
});
