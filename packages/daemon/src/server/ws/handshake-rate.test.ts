import { describe, expect, it } from 'vitest';
import { HandshakeRate, networkOf } from './handshake-rate.ts';

describe('the rate of handshakes', () => {
  function taken(rate: HandshakeRate, address: string, times: number): number {
    return Array.from({ length: times }, () => rate.take(address)).filter(Boolean).length;
  }

  it('is a quarter of all from one address, and comes back with time', () => {
    let nowMs = 0;
    const rate = new HandshakeRate(100, () => nowMs);
    expect(taken(rate, '10.0.0.1', 1000)).toBe(25);
    nowMs = 400;
    expect(taken(rate, '10.0.0.1', 1000)).toBe(10);
    nowMs = 60_000;
    expect(taken(rate, '10.0.0.1', 1000)).toBe(25);
  });

  it('leaves others theirs, until all of it is taken', () => {
    const rate = new HandshakeRate(100, () => 0);
    taken(rate, '10.0.0.1', 1000);
    expect(taken(rate, '10.0.0.2', 1000)).toBe(25);
    expect(taken(rate, '10.0.0.3', 1000)).toBe(25);
    expect(taken(rate, '10.0.0.4', 1000)).toBe(25);
    expect(taken(rate, '10.0.0.5', 1000)).toBe(0);
  });

  it('lets one in even where there is hardly any', () => {
    const rate = new HandshakeRate(1, () => 0);
    expect(taken(rate, '10.0.0.1', 5)).toBe(1);
  });

  it('remembers a bounded number of addresses, those that came last', () => {
    const rate = new HandshakeRate(100_000, () => 0);
    expect(taken(rate, '10.9.9.9', 30_000)).toBe(25_000);
    for (let i = 0; i < 5000; i += 1) {
      rate.take(`10.0.${i >> 8}.${i & 255}`);
      rate.take('10.9.9.9');
    }
    expect(rate.addresses).toBe(4096);
    expect(rate.take('10.9.9.9')).toBe(false);
  });
});

describe('the network of an address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('of %j is %j', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
