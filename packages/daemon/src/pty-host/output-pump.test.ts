import { FrameKind } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import { LogBudget } from './log-budget.ts';
import { OutputPump, type OutputSink, type Subscription } from './output-pump.ts';
import { SessionLog } from './session-log.ts';

const KIB = 1024;

/** A connection that takes frames until it is full. */
class Sink implements OutputSink {
  readonly frames: { kind: number; channel: number; offset: number; bytes: number }[] = [];
  readonly notices: { method: string; channel: number; params: unknown }[] = [];
  roomBytes = Number.POSITIVE_INFINITY;

  writeData(kind: number, channel: number, offset: number, bytes: Uint8Array): boolean {
    this.frames.push({ kind, channel, offset, bytes: bytes.length });
    this.roomBytes -= bytes.length;
    return this.roomBytes > 0;
  }

  notify(method: string, params: unknown, channel = 0): boolean {
    this.notices.push({ method, channel, params });
    return this.roomBytes > 0;
  }

  get channels(): number[] {
    return this.frames.map(({ channel }) => channel);
  }
}

function logOf(bytes: number): SessionLog {
  const log = new SessionLog(new LogBudget(64 * KIB * KIB).open());
  log.append(Buffer.alloc(bytes));
  return log;
}

interface Added {
  readonly subscription: Subscription;
  readonly log: SessionLog;
  ended: boolean;
}

function add(pump: OutputPump, channel: number, bytes: number, creditThrough = bytes): Added {
  const log = logOf(bytes);
  const added = { log, ended: false };
  const subscription = pump.add({
    channel,
    log,
    cursor: { offset: 0, seq: 0, sizeGeneration: 0 },
    checkpoint: undefined,
    creditThrough,
    onProgress: () => {},
    onEnd: () => {
      added.ended = true;
    },
  });
  return Object.assign(added, { subscription });
}

const turn = () => new Promise(resolve => setImmediate(resolve));

describe('OutputPump', () => {
  it('sends what the log has, as far as the credit', () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    const { subscription } = add(pump, 1, 100, 60);
    subscription.flush();
    expect(sink.frames).toEqual([{ kind: FrameKind.output, channel: 1, offset: 0, bytes: 60 }]);
    pump.credit(1, 90);
    pump.credit(1, 80);
    pump.credit(2, 1000);
    expect(sink.frames.slice(1)).toEqual([{ kind: FrameKind.output, channel: 1, offset: 60, bytes: 30 }]);
  });

  it('gives every subscription its turn, so that a flood keeps nobody waiting', async () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    sink.roomBytes = 0;
    const flood = add(pump, 1, 8 * KIB * KIB);
    flood.subscription.flush();
    const small = add(pump, 2, 10);
    small.subscription.flush();
    sink.roomBytes = Number.POSITIVE_INFINITY;
    pump.drained();
    expect(sink.channels.indexOf(2)).toBeLessThanOrEqual(6);
    while (sink.channels.filter(channel => channel === 1).length < 128) await turn();
    expect(
      sink.frames.filter(({ channel }) => channel === 1).reduce((sum, { bytes }) => sum + bytes, 0),
    ).toBe(8 * KIB * KIB);
  });

  it('lets the event loop have its turn in the middle of much output', () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    add(pump, 1, 8 * KIB * KIB).subscription.flush();
    expect(sink.frames.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(2 * KIB * KIB);
  });

  it('waits while the connection is full and goes on where it was', () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    sink.roomBytes = 1;
    const { subscription } = add(pump, 1, 200 * KIB);
    subscription.flush();
    subscription.flush();
    pump.credit(1, 300 * KIB);
    expect(sink.frames).toHaveLength(1);
    sink.roomBytes = Number.POSITIVE_INFINITY;
    pump.drained();
    const offsets = sink.frames.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(sink.frames.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(200 * KIB);
  });

  it('puts records between the bytes', () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    const { subscription, log } = add(pump, 1, 10, 100);
    log.addResize({ cols: 5, rows: 6 }, 1);
    log.addExit({ exitCode: 3, signal: null });
    log.addEof();
    subscription.flush();
    expect(sink.notices).toEqual([
      { method: 'resize', channel: 1, params: { offset: 10, cols: 5, rows: 6, sizeGeneration: 1 } },
      { method: 'exit', channel: 1, params: { offset: 10, status: { exitCode: 3, signal: null } } },
      { method: 'eof', channel: 1, params: { offset: 10 } },
    ]);
  });

  it('sends nothing on a channel that was removed, and tells its owner once', () => {
    const sink = new Sink();
    const pump = new OutputPump(sink);
    const added = add(pump, 1, 10);
    pump.remove(1);
    added.subscription.flush();
    pump.credit(1, 10);
    expect([sink.frames, added.ended, pump.has(1)]).toEqual([[], true, false]);
  });

  it('ends every subscription with the connection', () => {
    const pump = new OutputPump(new Sink());
    const all = [1, 2, 3].map(channel => add(pump, channel, 10));
    pump.close();
    expect(all.map(({ ended }) => ended)).toEqual([true, true, true]);
  });
});
