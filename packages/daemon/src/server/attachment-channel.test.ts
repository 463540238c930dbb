import { PassThrough } from 'node:stream';
import { decodeControl, decodeData, FrameDecoder, FrameKind, Peer } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import { AttachmentChannel } from './attachment-channel.ts';

/** A channel, and the names of the frames that have left it. */
function channelWithFrames() {
  const stream = new PassThrough();
  const sent = (): string[] =>
    new FrameDecoder().push((stream.read() as Buffer | null) ?? Buffer.alloc(0)).map(frame => {
      expect(frame.channel).toBe(5);
      if (frame.kind === FrameKind.control) return (decodeControl(frame) as { method: string }).method;
      const { offset, bytes } = decodeData(frame);
      return `${frame.kind}@${offset} ${frame.kind === FrameKind.ack ? '' : bytes}`.trim();
    });
  const peer = new Peer(stream, {});
  stream.removeAllListeners('data');
  stream.pause();
  return { channel: new AttachmentChannel(peer, 5), sent };
}

describe('the channel of an attachment', () => {
  it('sends nothing before the reply is out, then everything in its order', () => {
    const { channel, sent } = channelWithFrames();
    channel.snapshot(10, Buffer.from('screen'));
    channel.output(10, Buffer.from('more'));
    channel.notify('session.exited', { exitCode: 0, signal: null });
    channel.inputApplied(3);
    expect(sent()).toEqual([]);
    channel.open();
    expect(sent()).toEqual([
      `${FrameKind.snapshot}@10 screen`,
      `${FrameKind.output}@10 more`,
      'session.exited',
      `${FrameKind.ack}@3`,
    ]);
  });

  it('sends at once afterwards', () => {
    const { channel, sent } = channelWithFrames();
    channel.open();
    channel.output(0, Buffer.from('now'));
    expect(sent()).toEqual([`${FrameKind.output}@0 now`]);
    channel.open();
    expect(sent()).toEqual([]);
  });
});
