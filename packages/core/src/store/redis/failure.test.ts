import { describe, expect, it } from 'vitest';
import { TermError } from '../../errors/index.ts';
import { failureIn, failureOf, linkError, linkFailure } from './failure.ts';

describe('a failure of the link', () => {
  it.each([
    ["READONLY You can't write against a read only replica.", 'readonly'],
    ["READONLY You can't write against a read only replica. script: abc, on @user_script:3.", 'readonly'],
    ['ERR Error running script (call to f_abc): @user_script:3: -READONLY You can’t write', 'readonly'],
    ['MOVED 3999 127.0.0.1:6381', 'moved'],
    ['ASK 3999 127.0.0.1:6381', 'moved'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'moved'],
    ['CLUSTERDOWN Hash slot not served', 'moved'],
    ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 127.0.0.1:1', 'moved'],
    ['Too many Cluster redirections. Last error: Error: CLUSTERDOWN The cluster is down', 'moved'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'oom'],
    ['MISCONF Redis is configured to save RDB snapshots, but …', 'misconf'],
    ['NOPERM this user has no permissions to access one of the keys used as arguments', 'noperm'],
    ["ERR The user executing the script can't publish to the channel mentioned in the command", 'noperm'],
    ['NOAUTH Authentication required.', 'auth'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'auth'],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'disconnected'],
    ['getaddrinfo ENOTFOUND redis.invalid', 'disconnected'],
    ['Connection is closed.', 'disconnected'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'disconnected'],
    ["ERR unknown command 'nosuch'", 'error'],
    ['something MOVED on', 'error'],
  ] as const)('from %j is %s', (text, failure) => {
    expect(failureOf(new Error(text))).toBe(failure);
  });

  it('can be repeated with hope unless only an operator can mend it', () => {
    for (const failure of [
      'timeout',
      'disconnected',
      'readonly',
      'moved',
      'oom',
      'misconf',
      'loading',
    ] as const)
      expect(linkFailure('get', 'h:1', failure, undefined)).toMatchObject({
        code: 'CACHE_UNAVAILABLE',
        retryable: true,
      });
    for (const failure of ['auth', 'noperm'] as const)
      expect(linkFailure('get', 'h:1', failure, undefined)).toMatchObject({
        code: 'CACHE_REFUSED',
        retryable: false,
      });
  });

  it('says where, what and why, and keeps no cause: there the password is', () => {
    const thrown = Object.assign(new Error('WRONGPASS invalid'), { command: { args: ['secret'] } });
    const error = linkError('connect', 'h:1', thrown);
    expect(error.message).toMatch(/Redis at h:1 refuses user or password.*WRONGPASS invalid.*connect/);
    expect(error.cause).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(failureIn(error)).toBe('auth');
  });

  it('passes errors of its own, and cuts what a server sends without end', () => {
    const own = new TermError('CACHE_REFUSED', 'm', { details: { failure: 'nonsense' } });
    expect(linkError('get', 'h:1', own)).toBe(own);
    expect(failureIn(own)).toBeUndefined();
    expect(linkError('get', 'h:1', new Error('x'.repeat(100_000))).message.length).toBeLessThan(500);
  });
});
