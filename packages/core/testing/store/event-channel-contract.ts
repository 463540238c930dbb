import { newToken } from '@triterm/core/domain';
import type { EventChannel } from '@triterm/core/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Inbox } from './event-inbox.ts';

export interface ChannelHarness {
  /** Another server's channel; whoever opens it closes it. */
  open(): EventChannel;
  /** Every connection is lost, and can be made anew. */
  interrupt(): Promise<void>;
  dispose(): Promise<void>;
}

/** What every event channel does. Registers a suite. */
export function eventChannelContract(name: string, makeHarness: () => Promise<ChannelHarness>): void {
  describe(`${name} keeps the event channel's contract`, () => {
    let harness: ChannelHarness;
    const opened: EventChannel[] = [];
    const open = (): EventChannel => {
      const channel = harness.open();
      opened.push(channel);
      return channel;
    };
    const listen = async (channel: EventChannel): Promise<Inbox> => {
      const inbox = new Inbox();
      await channel.subscribe(inbox);
      return inbox;
    };
    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterEach(() => Promise.all(opened.splice(0).map(channel => channel.close())));
    afterAll(() => harness?.dispose());

    it('brings a message to everybody who listens, the sender included', async () => {
      const [one, two] = [open(), open()];
      const inboxes = await Promise.all([listen(one), listen(two)]);
      const message = JSON.stringify({ text: `ünïcödé 🗒 ${newToken()}` });
      await one.publish(message);
      for (const inbox of inboxes) await inbox.until(({ messages }) => messages.includes(message));
    });

    it('keeps the order of one sender, and loses and repeats nothing', async () => {
      const [sender, receiver] = [open(), open()];
      const inbox = await listen(receiver);
      const sent = Array.from({ length: 200 }, (_, index) => `${index}`);
      await Promise.all(sent.map(message => sender.publish(message)));
      await inbox.until(({ messages }) => messages.length >= sent.length);
      expect(inbox.messages).toEqual(sent);
      expect(inbox.gaps).toBe(0);
    });

    it('takes 7,000 bytes and refuses more', async () => {
      const channel = open();
      const inbox = await listen(channel);
      const longest = 'ü'.repeat(3500);
      await channel.publish(longest);
      await inbox.until(({ messages }) => messages.includes(longest));
      await expect(channel.publish(`${longest}.`)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    });

    it('publishes without listening', async () => {
      const inbox = await listen(open());
      await open().publish('heard');
      await inbox.until(({ messages }) => messages.includes('heard'));
    });

    it('has one listener a channel: another one replaces it', async () => {
      const channel = open();
      const before = await listen(channel);
      const after = await listen(channel);
      await channel.publish('whom?');
      await after.until(({ messages }) => messages.length === 1);
      expect(before.messages).toEqual([]);
    });

    it('is silent after it was closed', async () => {
      const [closed, other] = [open(), open()];
      const [silent, inbox] = [await listen(closed), await listen(other)];
      await closed.close();
      await other.publish('still there?');
      await inbox.until(({ messages }) => messages.length === 1);
      expect(silent.messages).toEqual([]);
      await closed.close();
    });

    it('says that messages may be missing when its connection was lost, and then brings them again', async () => {
      const [sender, receiver] = [open(), open()];
      const inbox = await listen(receiver);
      await harness.interrupt();
      await inbox.until(({ gaps }) => gaps > 0);
      let sent = 0;
      const send = () => sender.publish(`after ${sent++}`).catch(() => {});
      const again = setInterval(send, 50);
      try {
        await inbox.until(({ messages }) => messages.length > 0);
      } finally {
        clearInterval(again);
      }
    });
  });
}
