import { describe, expect, it } from 'vitest';
import { farewell } from './farewell.ts';

describe('farewell', () => {
  it.each([
    [{ kind: 'detached', by: 'key', undelivered: 0 }, '[detached from work]', 0],
    [{ kind: 'detached', by: 'request', undelivered: 0 }, '[detached from work by request]', 0],
    [
      { kind: 'detached', by: 'key', undelivered: 3 },
      '[detached from work; 3 typed bytes have not reached it]',
      0,
    ],
    [{ kind: 'exited', exitCode: 0, signal: null }, '[work exited]', 0],
    [{ kind: 'exited', exitCode: 2, signal: null }, '[work exited with status 2]', 2],
    [{ kind: 'exited', exitCode: null, signal: 'SIGTERM' }, '[work was ended by SIGTERM]', 143],
  ] as const)('of %j', (end, note, status) => {
    expect(farewell(end, 'work')).toEqual({ note, status });
  });
});
