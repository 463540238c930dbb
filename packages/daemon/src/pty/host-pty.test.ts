import { TermError } from '@triterm/core/errors';
import type { HostMethod, HostResult, PtyInfo } from '@triterm/core/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HostAccess, HostPty, type PtyLink } from './host-pty.ts';
import { PtyRecorder } from './testing/pty-recorder.ts';

const INFO: PtyInfo = {
  handle: 9,
  session: 'test',
  pid: 1,
  cols: 80,
  rows: 24,
  sizeGeneration: 0,
  spawnSize: { cols: 80, rows: 24 },
  logStart: 0,
  logEnd: 0,
  floor: null,
  checkpointOffset: null,
  exit: null,
  eof: false,
  idleMs: 0,
};

interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
  answer(result: unknown): void;
  fail(error: TermError): void;
}

/** A connection whose requests wait until the test answers them. */
class Link implements PtyLink {
  readonly asked: Asked[] = [];
  readonly told: string[] = [];

  request<M extends HostMethod>(method: M, params: unknown): Promise<HostResult<M>> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        method,
        params: params as Record<string, unknown>,
        answer: result => resolve(result as HostResult<M>),
        fail: reject,
      });
    });
  }

  command(name: string, params: unknown): void {
    this.told.push(`${name} ${JSON.stringify(params)}`);
  }

  input(channel: number, offset: number, bytes: Uint8Array): void {
    this.told.push(`input ${channel} ${offset} ${Buffer.from(bytes)}`);
  }

  checkpoint(): void {}

  /** The latest request, once there are so many. */
  async nth(count: number): Promise<Asked> {
    for (let turn = 0; turn < 100 && this.asked.length < count; turn += 1) await Promise.resolve();
    const asked = this.asked[count - 1];
    if (asked === undefined) throw new Error(`only ${this.asked.length} requests`);
    return asked;
  }
}

const START = { offset: 100, fromCheckpoint: true, sizeGeneration: 2, creditThrough: 1000 };

describe('HostPty', () => {
  let link: Link;
  let pty: HostPty;

  beforeEach(() => {
    link = new Link();
    let lastChannel = 0;
    const access: HostAccess = {
      hostId: 'host',
      link: () => link,
      linkIfOpen: () => link,
      nextChannel: () => {
        lastChannel += 1;
        return lastChannel;
      },
      route: () => {},
      unroute: () => {},
      forgotten: () => {},
    };
    pty = new HostPty(access, INFO);
  });

  async function subscribe(recorder: PtyRecorder): Promise<number> {
    const subscribed = pty.subscribe(START, recorder);
    const asked = await link.nth(1);
    asked.answer({ offset: 100, logEnd: 200 });
    await subscribed;
    return Number(asked.params.channel);
  }

  /** The connection broke and was made again. */
  function reconnect(): { resumed: Promise<void>; link: Link } {
    link = new Link();
    return { resumed: pty.resume(link), link };
  }

  it('goes on over a new connection where its stream was, on another channel', async () => {
    const recorder = new PtyRecorder(100);
    const channel = await subscribe(recorder);
    pty.flow(50, 900);
    pty.credit(2000);
    pty.output(channel, 100, Buffer.from('abc'));
    pty.record(channel, 'resize', { offset: 103, cols: 90, rows: 30, sizeGeneration: 5 });
    const { resumed, link: next } = reconnect();
    const asked = await next.nth(1);
    expect(next.told).toEqual(['flow {"handle":9,"floor":50,"paceThrough":900}']);
    expect(asked).toMatchObject({
      method: 'subscribe',
      params: { handle: 9, offset: 103, fromCheckpoint: false, sizeGeneration: 5, creditThrough: 2000 },
    });
    asked.answer({ offset: 103, logEnd: 200 });
    await resumed;
    pty.output(channel, 103, Buffer.from('old'));
    pty.output(Number(asked.params.channel), 103, Buffer.from('def'));
    expect([recorder.text, recorder.misplaced]).toEqual(['abcdef', 0]);
  });

  it('asks for the checkpoint again as long as nothing has come', async () => {
    await subscribe(new PtyRecorder(100));
    const { link: next } = reconnect();
    expect((await next.nth(1)).params).toMatchObject({ offset: 100, fromCheckpoint: true });
  });

  it('tells exit and eof once, however often the stream begins again', async () => {
    const recorder = new PtyRecorder(100);
    const channel = await subscribe(recorder);
    const tellEnd = (on: number) => {
      pty.record(on, 'exit', { offset: 100, status: { exitCode: 0, signal: null } });
      pty.record(on, 'eof', { offset: 100 });
    };
    tellEnd(channel);
    const { link: next } = reconnect();
    tellEnd(Number((await next.nth(1)).params.channel));
    expect(recorder.events).toEqual(['exited 100', 'eof 100']);
  });

  it('tells a gap when the log no longer holds what comes next', async () => {
    const recorder = new PtyRecorder(100);
    await subscribe(recorder);
    const { resumed, link: next } = reconnect();
    (await next.nth(1)).fail(new TermError('TOO_LARGE', 'gone'));
    const list = await next.nth(2);
    expect(list.method).toBe('list');
    list.answer({ ptys: [{ ...INFO, logStart: 500 }] });
    const again = await next.nth(3);
    expect(again.params).toMatchObject({ offset: 500 });
    again.answer({ offset: 500, logEnd: 600 });
    await resumed;
    expect(recorder.events).toEqual(['gap 100 500']);
  });

  it('opens its inputs again and sends what was not applied', async () => {
    const applied: number[] = [];
    const opening = pty.openInput('a', offset => applied.push(offset));
    const asked = await link.nth(1);
    asked.answer({ inputOffset: 0 });
    const input = await opening;
    input.write(0, Buffer.from('abc'));
    input.write(3, Buffer.from('def'));
    const { resumed, link: next } = reconnect();
    const again = await next.nth(1);
    expect(again).toMatchObject({
      method: 'input.open',
      params: { handle: 9, channel: asked.params.channel, attachment: 'a' },
    });
    again.answer({ inputOffset: 3 });
    await resumed;
    expect(next.told).toEqual([`input ${asked.params.channel} 3 def`]);
    expect(applied).toEqual([3]);
  });

  it('asks nothing twice that was asked over the new connection before it was resumed', async () => {
    link = new Link();
    const asked = [pty.subscribe(START, new PtyRecorder(100)), pty.openInput('a', () => {})];
    await pty.resume(link);
    expect(link.asked.map(({ method }) => method)).toEqual(['subscribe', 'input.open']);
    link.asked[0]?.answer({ offset: 100, logEnd: 100 });
    link.asked[1]?.answer({ inputOffset: 0 });
    await Promise.all(asked);
  });
});
