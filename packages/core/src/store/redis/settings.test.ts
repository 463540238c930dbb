import { describe, expect, it } from 'vitest';
import { endpointText } from './settings.ts';

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
