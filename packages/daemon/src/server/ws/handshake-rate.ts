import { isIPv6 } from 'node:net';

/** Tokens that come back at a steady rate, up to what one second brings. */
class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = nowMs;
  }

  take(nowMs: number): boolean {
    const earned = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Addresses whose buckets are remembered; of more, those not heard of for longest begin anew. */
const MAX_ADDRESSES = 4096;

/** How often somebody may come: so often a second over all, and from one address a quarter of it. */
export class HandshakeRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #all: TokenBucket;
  readonly #byAddress = new Map<string, TokenBucket>();

  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#all = new TokenBucket(perSecond, now());
  }

  get addresses(): number {
    return this.#byAddress.size;
  }

  /** False when that is too often. An address that is refused takes nothing from the others. */
  take(address: string): boolean {
    return this.#bucketOf(networkOf(address)).take(this.#now()) && this.#all.take(this.#now());
  }

  #bucketOf(network: string): TokenBucket {
    const bucket =
      this.#byAddress.get(network) ?? new TokenBucket(Math.max(1, this.#perSecond / 4), this.#now());
    this.#byAddress.delete(network);
    this.#byAddress.set(network, bucket);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
    return bucket;
  }
}

/** What one party has for sure: an IPv4 address, or the /64 of an IPv6 one (RFC 6177). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  return `${[...groups, ...after].slice(0, 4).join(':')}::/64`;
}
