import { readFileSync } from 'node:fs';
import { encodeControl, encodeFrame, FrameKind, PROTOCOL } from '@triterm/core/protocol';

const GOLDEN = new URL('../../packages/core/src/protocol/fixtures/v1/client.json', import.meta.url);

/** What a careless or malicious client puts where a value belongs. */
const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 53),
  1e308,
  '',
  'x'.repeat(2000),
  '\0',
  '\ud800',
  '../../../../etc/passwd',
  '__proto__',
  [],
  {},
  [[[[[]]]]],
  { __proto__: null, toString: 1, constructor: { prototype: {} } },
  Array.from({ length: 200 }, (_, i) => i),
];

/** Makes frames from golden ones: as they are, mutated, and invented. The same seed makes the same frames. */
export class FrameMutator {
  #state: number;
  readonly #frames: readonly Buffer[];
  readonly #messages: readonly unknown[];

  constructor(seed: number) {
    this.#state = seed >>> 0;
    const golden: { hex: string; message?: unknown }[] = JSON.parse(readFileSync(GOLDEN, 'utf8'));
    this.#frames = golden.map(({ hex }) => Buffer.from(hex, 'hex'));
    this.#messages = golden.flatMap(({ message }) => (message === undefined ? [] : [message]));
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A hello, mostly a good one: else nothing behind it would be looked at. */
  hello(): Buffer {
    const hello = encodeControl(0, { hello: { protocol: PROTOCOL, software: 'hostile 1.0', features: [] } });
    return this.below(20) === 0 ? this.#damaged(hello) : hello;
  }

  /** One that keeps the connection: well-formed, though its message may make no sense. */
  wellFormed(): Buffer {
    switch (this.below(6)) {
      case 0:
        return this.#pick(this.#frames);
      case 1:
        return encodeFrame(FrameKind.input, this.below(5), this.#payload(8 + this.below(200)));
      case 2:
        return encodeFrame(FrameKind.ack, this.below(5), this.#payload(12));
      case 3: {
        const unknown = encodeFrame(
          FrameKind.control,
          this.below(5),
          this.#noise(this.below(300)),
          1 | this.below(256),
        );
        unknown[4] = 6 + this.below(250);
        return unknown;
      }
      default: {
        const message = this.#twisted(structuredClone(this.#pick(this.#messages)), 3) as object;
        const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
        return encodeControl(this.below(5), {
          id: this.below(1000),
          method: 'x',
          ...(isObject ? message : {}),
        });
      }
    }
  }

  /** One that may break anything. */
  damaged(): Buffer {
    switch (this.below(4)) {
      case 0:
        return this.#noise(1 + this.below(200));
      case 1:
        return encodeControl(
          this.below(2 ** 32),
          this.#twisted(structuredClone(this.#pick(this.#messages)), 6),
        );
      case 2:
        return encodeFrame(FrameKind.control, 0, this.#noise(this.below(100)));
      default:
        return this.#damaged(this.#pick(this.#frames));
    }
  }

  /** A small offset, mostly, so that it is looked at and not refused at once. */
  #payload(bytes: number): Buffer {
    const payload = this.#noise(bytes);
    if (this.below(10) > 0) payload.fill(0, 0, 6);
    else payload.fill(0, 0, 2);
    return payload;
  }

  #noise(bytes: number): Buffer {
    const noise = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i += 1) noise[i] = this.below(256);
    return noise;
  }

  #damaged(frame: Buffer): Buffer {
    const bytes = Buffer.from(frame);
    const at = this.below(bytes.length);
    switch (this.below(5)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << this.below(8));
        return bytes;
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), this.#noise(1 + this.below(20)), bytes.subarray(at)]);
      case 3:
        bytes.writeUInt32BE(this.below(2 ** 32), 0);
        return bytes;
      default:
        return Buffer.concat([bytes.subarray(0, at), this.#pick(this.#frames)]);
    }
  }

  /** Replaces, removes and adds members, up to `times`. */
  #twisted(value: unknown, times: number): unknown {
    let twisted = value;
    for (let i = this.below(times + 1); i > 0; i -= 1) twisted = this.#twist(twisted, 0);
    return twisted;
  }

  #twist(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null || depth > 4) return structuredClone(this.#pick(NASTY));
    const members = value as Record<string, unknown>;
    const names = Object.keys(members);
    const name = names.length === 0 ? 'x' : this.#pick(names);
    switch (this.below(6)) {
      case 0:
        delete members[name];
        break;
      case 1:
        members[`${name}${this.below(100)}`] = structuredClone(this.#pick(NASTY));
        break;
      case 2:
        members[name] = structuredClone(this.#pick(NASTY));
        break;
      default:
        members[name] = this.#twist(members[name], depth + 1);
    }
    return value;
  }
}
