import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputBuffer, MAX_KEPT_BYTES } from './input-buffer.ts';

/** The other side: takes bytes that follow what it has, skips what it has got, and never misses any. */
class Program {
  got = Buffer.alloc(0);

  take({ offset, bytes }: { offset: number; bytes: Buffer }): void {
    const known = this.got.length - offset;
    expect(known).toBeGreaterThanOrEqual(0);
    if (known < bytes.length) this.got = Buffer.concat([this.got, bytes.subarray(known)]);
  }
}

describe('InputBuffer', () => {
  it('delivers every byte once and in order over any number of lost connections', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('type' as const), text: fc.string({ minLength: 1, maxLength: 20 }) }),
      fc.record({ kind: fc.constant('send' as const), lose: fc.boolean() }),
      fc.record({ kind: fc.constantFrom('acknowledge' as const, 'reconnect' as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), actions => {
        const buffer = new InputBuffer();
        const program = new Program();
        let typed = '';
        for (const one of actions) {
          if (one.kind === 'type') {
            typed += one.text;
            buffer.push(Buffer.from(one.text));
          } else if (one.kind === 'send') {
            const frame = buffer.next();
            if (frame === undefined) continue;
            if (one.lose) buffer.reconnected(program.got.length);
            else program.take(frame);
          } else if (one.kind === 'acknowledge') buffer.acknowledged(program.got.length);
          else buffer.reconnected(program.got.length);
        }
        buffer.reconnected(program.got.length);
        for (let next = buffer.next(); next !== undefined; next = buffer.next()) program.take(next);
        expect(program.got.toString()).toBe(typed);
      }),
    );
  });

  it('sends small pieces together and has a bounded number under way', () => {
    const buffer = new InputBuffer();
    for (let i = 0; i < 3000; i += 1) {
      buffer.push(Buffer.from('x'));
      if (i < 2000) buffer.next();
    }
    let frames = 0;
    while (buffer.next() !== undefined) frames += 1;
    expect(frames).toBe(0);
    buffer.acknowledged(1024);
    const frame = buffer.next();
    expect(frame).toMatchObject({ offset: 1024 });
    expect(frame?.bytes.length).toBe(3000 - 1024);
  });

  it('is full when the program does not read', () => {
    const buffer = new InputBuffer();
    while (!buffer.isFull) buffer.push(Buffer.alloc(64 * 1024));
    expect(buffer.keptBytes).toBe(MAX_KEPT_BYTES);
    let sent = 0;
    for (let next = buffer.next(); next !== undefined; next = buffer.next()) sent += next.bytes.length;
    expect(sent).toBeLessThan(MAX_KEPT_BYTES);
    buffer.acknowledged(sent);
    expect(buffer.isFull).toBe(false);
  });

  it('does not send again what may have arrived when the other side has forgotten it', () => {
    const buffer = new InputBuffer();
    buffer.push(Buffer.from('abc'));
    buffer.next();
    buffer.acknowledged(2);
    buffer.push(Buffer.from('def'));
    buffer.reconnected(0);
    expect(buffer.next()).toEqual({ offset: 0, bytes: Buffer.from('def') });
  });

  it('gives another program nothing that was sent to the one before, or waits', () => {
    const buffer = new InputBuffer();
    buffer.push(Buffer.from('sent'));
    buffer.next();
    buffer.push(Buffer.from('waiting'));
    buffer.restarted(0);
    expect(buffer.keptBytes).toBe(0);
    expect(buffer.next()).toBeUndefined();
    buffer.push(Buffer.from('new'));
    expect(buffer.next()).toEqual({ offset: 0, bytes: Buffer.from('new') });
  });
});
