import { describe, expect, it } from 'vitest';
import { endpointText, parseRedisUrl } from './settings.ts';

describe('a Redis URL', () => {
  it.each([
    ['redis://cache', { host: 'cache', port: 6379 }],
    ['redis://cache:7000/', { host: 'cache', port: 7000 }],
    ['redis://:p%40ss@cache/3', { host: 'cache', port: 6379, password: 'p@ss', db: 3 }],
    ['redis://user:pass@10.0.0.1:1', { host: '10.0.0.1', port: 1, username: 'user', password: 'pass' }],
    ['rediss://[::1]:6380', { host: '::1', port: 6380, tls: {} }],
  ])('%s is understood', (text, expected) => {
    expect(parseRedisUrl(text)).toEqual({ topology: 'single', ...expected });
  });

  it.each([
    '',
    'cache:6379',
    'http://cache',
    'redis://',
    'redis://:secret@cache/x',
    'redis://:%E0%A4%A@cache',
  ])('%j is refused, and no password is shown', text => {
    expect(() => parseRedisUrl(text)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.not.stringContaining('secret') }),
    );
  });
});

describe('where Redis is', () => {
  it('is shown without user and password', () => {
    const login = { username: 'user', password: 'secret' };
    const nodes = [
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ];
    expect(endpointText({ topology: 'single', host: '::1', port: 6379, ...login })).toBe('[::1]:6379');
    expect(endpointText({ topology: 'cluster', nodes, ...login })).toBe('cluster a:1, [::1]:2');
    const sentinel = { topology: 'sentinel', sentinels: nodes, name: 'main', ...login } as const;
    expect(endpointText({ ...sentinel, sentinelPassword: 'secret' })).toBe('main by sentinels a:1, [::1]:2');
  });
});
