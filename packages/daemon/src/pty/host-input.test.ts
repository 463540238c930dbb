import { beforeEach, describe, expect, it } from 'vitest';
import { HostInput, type InputRoute } from './host-input.ts';

const CHANNEL = 7;

/** What was sent to the host, as `offset:text`. */
class Route implements InputRoute {
  readonly sent: string[] = [];
  readonly closed: boolean[] = [];

  send(_channel: number, offset: number, bytes: Uint8Array): void {
    this.sent.push(`${offset}:${Buffer.from(bytes)}`);
  }

  close(_channel: number, forget: boolean): void {
    this.closed.push(forget);
  }
}

describe('HostInput', () => {
  let route: Route;
  let applied: number[];
  let input: HostInput;

  beforeEach(() => {
    route = new Route();
    applied = [];
    input = new HostInput('a', CHANNEL, route, offset => applied.push(offset));
  });

  const type = (offset: number, text: string) => input.write(offset, Buffer.from(text));

  it('sends each byte once, whatever overlaps', () => {
    type(0, 'abc');
    type(0, 'abc');
    type(1, 'bcd');
    expect(route.sent).toEqual(['0:abc', '3:d']);
  });

  it('refuses bytes that leave some out', () => {
    type(0, 'abc');
    expect(() => type(4, 'e')).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
  });

  it('copies what it keeps', () => {
    const lent = Buffer.from('abc');
    input.write(0, lent);
    lent.fill(0);
    input.opened(0);
    expect(route.sent[1]).toBe('0:abc');
  });

  it('tells what was applied, once and upwards', () => {
    type(0, 'abcdef');
    for (const offset of [2, 2, 1, 6]) input.applied(offset);
    expect(applied).toEqual([2, 6]);
    expect(input.inputOffset).toBe(6);
  });

  it('sends again over a new connection what was not applied', () => {
    type(0, 'abc');
    type(3, 'def');
    type(6, 'ghi');
    input.applied(4);
    route.sent.length = 0;
    input.opened(4);
    expect(route.sent).toEqual(['3:def', '6:ghi']);
  });

  it('tells what was applied while there was no connection', () => {
    type(0, 'abc');
    type(3, 'def');
    route.sent.length = 0;
    input.opened(6);
    expect([applied, route.sent]).toEqual([[6], []]);
  });

  it('goes on where an earlier daemon came to, without telling that as progress', () => {
    input.opened(100);
    expect([input.inputOffset, applied]).toEqual([100, []]);
    type(98, 'yzabc');
    expect(route.sent).toEqual(['100:abc']);
  });

  it('holds a bounded amount, and takes more when some was applied', () => {
    const full = new Uint8Array(256 * 1024);
    input.write(0, full);
    expect(() => type(full.length, 'x')).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    input.applied(1000);
    type(full.length, 'x');
    input.applied(full.length + 1);
    let pieces = 0;
    expect(() => {
      for (; pieces < 100_000; pieces += 1) type(full.length + 1 + pieces, 'y');
    }).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    expect(pieces).toBeLessThan(10_000);
  });
});
