import { SOCKET_OWNER, type WindowSize } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import type { Paint, Rendered } from '../screen/screen.ts';
import { Attachment, type AttachmentOptions } from './attachment.ts';

const SIZE: WindowSize = { cols: 80, rows: 24 };
const KIB = 1024;

/** An attachment with everything that it sends and asks for; paints and frames are answered by hand. */
function setUp(options: Partial<AttachmentOptions> = {}) {
  const sent: string[] = [];
  const paints: { missedSince: number | undefined; answer: (paint: Paint) => void }[] = [];
  const frames: { reset: boolean; answer: (frame: Rendered) => void }[] = [];
  let ended = false;
  const attachment = new Attachment(
    {
      token: '0'.repeat(32),
      role: 'controller',
      window: SIZE,
      lossless: false,
      historyLines: 0,
      deviceId: 'device-1',
      deviceName: '',
      principal: SOCKET_OWNER,
      pid: null,
      nowMs: 0,
      ...options,
    },
    {
      output: (offset, bytes) => sent.push(`output ${offset}+${bytes.length}`),
      snapshot: (offset, bytes) => sent.push(`snapshot ${offset}+${bytes.length}`),
      inputApplied: offset => sent.push(`applied ${offset}`),
      notify: method => sent.push(method),
    },
    {
      paint: (_attachment, missedSince) =>
        new Promise(resolve => paints.push({ missedSince, answer: paint => resolve(paint) })),
      render: (_attachment, reset) =>
        new Promise(resolve => frames.push({ reset, answer: frame => resolve(frame) })),
      flowChanged() {},
      ended: () => {
        ended = true;
      },
    },
  );
  const paint = async (offset: number) => {
    paints.shift()?.answer({ ...SIZE, offset, sizeGeneration: 0, bytes: new Uint8Array(3) });
    await Promise.resolve();
    await Promise.resolve();
  };
  const frame = async (offset: number, bytes = 2) => {
    frames.shift()?.answer({ offset, bytes: new Uint8Array(bytes) });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { attachment, sent, paints, paint, frames, frame, isEnded: () => ended };
}

const bytes = (length: number) => new Uint8Array(length);

describe('an attachment', () => {
  it('sends the screen, what came while it was painted, and what follows, each byte once', async () => {
    const { attachment, sent, paint } = setUp();
    const shown = attachment.show(SIZE);
    attachment.push(90, bytes(10), 0);
    attachment.push(100, bytes(20), 0);
    await paint(100);
    await shown;
    attachment.push(120, bytes(5), 0);
    // The stream began again at an older place for somebody else.
    attachment.push(100, bytes(22), 0);
    attachment.push(122, bytes(10), 0);
    expect(sent).toEqual(['snapshot 100+3', 'output 100+20', 'output 120+5', 'output 125+7']);
  });

  it('keeps what is not acknowledged within bounds, and goes on as it is taken', async () => {
    const { attachment, sent, paint } = setUp();
    const shown = attachment.show(SIZE);
    await paint(0);
    await shown;
    attachment.acknowledged(0, 1, 0);
    for (let offset = 0; offset < 1024 * KIB; offset += 256 * KIB)
      attachment.push(offset, bytes(256 * KIB), 0);
    expect(sent).toHaveLength(3);
    attachment.acknowledged(256 * KIB, 1, 1);
    expect(sent).toHaveLength(4);
    attachment.acknowledged(768 * KIB, 1, 2);
    expect(sent).toHaveLength(5);
    expect(attachment.info(0, false).view).toBe('bytes');
  });

  it('is left behind when its queue is full, and is repainted with what it missed when it has taken the rest', async () => {
    const { attachment, sent, paint, paints } = setUp();
    const shown = attachment.show(SIZE);
    await paint(0);
    await shown;
    attachment.acknowledged(0, 1, 0);
    for (let offset = 0; offset < 4096 * KIB; offset += 256 * KIB)
      attachment.push(offset, bytes(256 * KIB), 0);
    expect(attachment.info(0, false).view).toBe('behind');
    const before = sent.length;
    attachment.acknowledged(256 * KIB, 1, 1);
    expect(paints).toHaveLength(0);
    attachment.acknowledged(512 * KIB, 1, 2);
    expect(paints.map(({ missedSince }) => missedSince)).toEqual([512 * KIB]);
    await paint(4096 * KIB);
    expect(sent.slice(before)).toEqual([`snapshot ${4096 * KIB}+3`]);
    attachment.push(4096 * KIB, bytes(1), 3);
    expect(sent.at(-1)).toBe(`output ${4096 * KIB}+1`);
  });

  it('is never left behind while it paces: the stream waits', async () => {
    const { attachment, paint } = setUp();
    attachment.primary = true;
    const shown = attachment.show(SIZE);
    await paint(0);
    await shown;
    attachment.acknowledged(0, 1, 0);
    for (let offset = 0; offset < 4096 * KIB; offset += 256 * KIB)
      attachment.push(offset, bytes(256 * KIB), 0);
    expect(attachment.info(0, false).view).toBe('bytes');
    expect(attachment.holdsStream).toBe(true);
    expect(attachment.stalled(1000, true)).toBe(false);
    expect(attachment.stalled(2100, true)).toBe(true);
    attachment.acknowledged(4096 * KIB, 1, 2200);
    expect(attachment.stalled(2300, true)).toBe(false);
  });

  it('goes on where its client stopped, and waits for the stream to come there', () => {
    const { attachment, sent } = setUp({ lossless: true });
    attachment.resumeAt(100);
    expect(attachment.floor).toBe(100);
    // Still of the stream as it was before.
    attachment.push(500, bytes(50), 0);
    attachment.push(90, bytes(20), 0);
    attachment.push(110, bytes(30), 0);
    expect(sent).toEqual(['output 100+10', 'output 110+30']);
  });

  it('tells the end after the last byte before it, also to one that comes back afterwards', async () => {
    const { attachment, sent, isEnded } = setUp();
    attachment.resumeAt(100);
    attachment.exited({ exitCode: 0, signal: null }, 150);
    expect(isEnded()).toBe(false);
    attachment.push(100, bytes(50), 0);
    attachment.acknowledged(150, 0, 1);
    expect(sent).toEqual(['output 100+50', 'session.exited']);
    expect(isEnded()).toBe(true);
  });

  it('of another window gets frames one at a time, the first complete', async () => {
    const { attachment, sent, frames, frame } = setUp();
    await attachment.show({ cols: 100, rows: 30 });
    expect(frames.map(({ reset }) => reset)).toEqual([true]);
    await frame(10);
    attachment.push(10, bytes(5), 0);
    attachment.push(15, bytes(5), 0);
    expect(frames).toHaveLength(0);
    attachment.acknowledged(10, 1, 1);
    expect(frames.map(({ reset }) => reset)).toEqual([false]);
    await frame(20);
    attachment.acknowledged(20, 2, 2);
    expect(frames).toHaveLength(0);
    expect(sent).toEqual(['snapshot 10+2', 'snapshot 20+2']);
  });

  it('drops a paint that is late because another was asked for', async () => {
    const { attachment, sent, paints } = setUp();
    const first = attachment.show(SIZE);
    const second = attachment.show(SIZE);
    const [late, present] = paints;
    present?.answer({ ...SIZE, offset: 20, sizeGeneration: 1, bytes: bytes(2) });
    late?.answer({ ...SIZE, offset: 10, sizeGeneration: 0, bytes: bytes(1) });
    await Promise.all([first, second]);
    expect(sent).toEqual(['snapshot 20+2']);
  });
});
