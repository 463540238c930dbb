import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { loggedRequests } from './log-requests.ts';

describe('the log of requests', () => {
  it('tells who asked for what and how it ended, and nothing of what was said', async () => {
    const lines: object[] = [];
    const { request } = loggedRequests(
      {
        request: async (_caller, method, params) => {
          if (method === 'session.send') throw new TermError('SESSION_NOT_FOUND', `no ${String(params)}`);
          return params;
        },
      },
      { debug: fields => lines.push(fields) },
    );
    const caller = { principal: { ...SOCKET_OWNER, userId: 'ada' }, remote: true };
    expect(await request(caller, 'session.run', 'marker', 0)).toBe('marker');
    await expect(request(caller, 'session.send', 'marker', 0)).rejects.toThrow('no marker');
    const who = { user: 'ada', remote: true, durationMs: expect.any(Number) };
    expect(lines).toEqual([
      { method: 'session.run', ...who, code: 'ok' },
      { method: 'session.send', ...who, code: 'SESSION_NOT_FOUND' },
    ]);
  });
});
