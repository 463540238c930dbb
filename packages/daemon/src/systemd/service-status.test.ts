import { describe, expect, it } from 'vitest';
import { serviceStatus } from './service-status.ts';

describe('the line for `systemctl status`', () => {
  it('tells how many sessions run and whether Redis is there', () => {
    expect(serviceStatus({ sessions: 1, health: undefined })).toBe(
      '1 session; database; no Redis is configured',
    );
    expect(serviceStatus({ sessions: 0, health: 'up' })).toBe('0 sessions; hybrid: Redis and database');
    expect(serviceStatus({ sessions: 2, health: 'down' })).toBe(
      '2 sessions; in-memory fallback: Redis is away',
    );
  });
});
