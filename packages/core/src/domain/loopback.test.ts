import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackHost, isLoopbackUrl } from './loopback.ts';

describe('a loopback host', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('is %s', host => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(['127.evil.example', '128.0.0.1', '::2', 'localhost.example', '0.0.0.0', ''])('is not %j', host => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('a loopback address', () => {
  it('is no name', () => {
    expect(['127.0.0.1', '::1', 'localhost'].map(isLoopbackAddress)).toEqual([true, true, false]);
  });
});

describe('a loopback URL', () => {
  it.each(['wss://localhost:1/', 'ws://127.0.0.1:3000', 'ws://[::1]:3000'])('is %s', url => {
    expect(isLoopbackUrl(url)).toBe(true);
  });

  it.each(['wss://a/', 'ws://[::2]:3000', 'no URL'])('is not %s', url => {
    expect(isLoopbackUrl(url)).toBe(false);
  });
});
