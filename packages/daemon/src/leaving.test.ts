import { awakeMs } from '@triterm/core/testing/awake-time';
import { describe, expect, it } from 'vitest';
import { Leaving } from './leaving.ts';

describe('a daemon that leaves', () => {
  it('waits for no database that hangs', async () => {
    const startedAtMs = awakeMs();
    const leaving = new Leaving({
      stopMarker: '/nonexistent',
      log: { error: () => {} },
      stopServing: async () => {},
      close: () => new Promise(() => {}),
    });
    await leaving.leave('restart');
    await leaving.left;
    // What remains of 2 s is for telling the clients.
    expect(awakeMs() - startedAtMs).toBeLessThan(1500);
  });

  it('leaves whatever fails on the way, and tells of it', async () => {
    const told: string[] = [];
    const fail = (what: string) => async () => {
      throw new Error(what);
    };
    const leaving = new Leaving({
      stopMarker: '/nonexistent/marker',
      log: { error: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`) },
      stopServing: fail('no listener'),
      close: fail('no database'),
    });
    leaving.leaveSoon('stop');
    await leaving.left;
    expect(told).toEqual([
      expect.stringMatching(/stop marker failed .*ENOENT/),
      expect.stringMatching(/serve failed .*no listener/),
      expect.stringMatching(/closing failed .*no database/),
    ]);
  });
});
