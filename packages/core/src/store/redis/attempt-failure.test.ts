import { describe, expect, it } from 'vitest';
import { attemptFailure, type EndedAttempt, reasonOf, sentinelReason } from './attempt-failure.ts';

const ENDED: EndedAttempt = {
  endpoint: 'h:1',
  tls: false,
  reached: true,
  admitted: false,
  error: undefined,
};

describe('an attempt that ended', () => {
  it('without a word before the server answered asks for TLS', () => {
    for (const error of [undefined, new Error('read ECONNRESET')])
      expect(attemptFailure({ ...ENDED, error }).message).toContain('does it want TLS');
  });

  it('asks for none once the server was in use, or when there was TLS, or when it was never reached', () => {
    for (const change of [{ admitted: true }, { tls: true }, { reached: false }])
      expect(attemptFailure({ ...ENDED, ...change }).message).not.toContain('TLS');
  });

  it.each(['SSL routines:ssl3_get_record:wrong version number', 'connect ETIMEDOUT'])(
    'with %j in the TLS handshake doubts that TLS is spoken',
    text => {
      const error = new Error(text);
      const failed = { ...ENDED, tls: true, reached: false, error };
      expect(attemptFailure(failed).message).toContain('does it speak TLS');
      expect(attemptFailure({ ...failed, tls: false }).message).not.toContain('TLS');
    },
  );

  it('keeps a plain reason', () => {
    const error = new Error('WRONGPASS invalid');
    expect(attemptFailure({ ...ENDED, error })).toMatchObject({ details: { failure: 'auth' } });
  });
});

it('what ioredis says of its own handshake is no reason, and behind a cluster’s stands a node’s', () => {
  expect(reasonOf(new Error('Reached the max retries per request limit (which is 0).'))).toBeUndefined();
  const last = new Error('NOAUTH Authentication required.');
  expect(reasonOf(Object.assign(new Error('Failed to refresh'), { lastNodeError: last }))).toBe(last);
});

it('a sentinel that leads nowhere is told of', () => {
  const failed = 'failed to connect to sentinel a:1 because NOAUTH Authentication required.';
  expect(sentinelReason(new Error(failed)).message).toBe('NOAUTH Authentication required.');
  const gone = 'failed to connect to sentinel a:1 because Connection is closed.';
  expect(sentinelReason(new Error(gone)).message).toBe("the sentinel a:1 can't be reached");
  for (const unknown of [
    'connected to sentinel a:1 successfully, but got an invalid reply: null',
    'failed to connect to sentinel a:1 because ERR No such master with that name',
  ])
    expect(sentinelReason(new Error(unknown)).message).toMatch(/a:1 knows no master.*REDIS_SENTINEL_NAME/);
});
