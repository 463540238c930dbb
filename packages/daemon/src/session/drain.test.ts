import { describe, expect, it } from 'vitest';
import { Drain } from './drain.ts';
import type { KnownServer } from './known-servers.ts';

const server = (id: string, change: Partial<KnownServer> = {}): KnownServer => ({
  id,
  advertiseUrl: `wss://${id}`,
  hostId: id,
  bootId: 'boot',
  incarnation: 1,
  alive: true,
  unreachableSince: null,
  draining: false,
  ...change,
});

function setUp(...servers: KnownServer[]) {
  const told: [string, number, boolean][] = [];
  const lease = { held: true, incarnation: 1, ensure: async () => true };
  const drain = new Drain({
    servers: { setDraining: async (...told_) => void told.push(told_) },
    lease,
    serverId: 'here',
    directory: { list: () => servers },
  });
  return { drain, told, lease };
}

describe('Drain', () => {
  it('admits sessions until it is asked for, and again when it is undone', async () => {
    const { drain, told } = setUp();
    drain.admit();
    await drain.set(true);
    expect(() => drain.admit()).toThrow(expect.objectContaining({ code: 'SERVER_DRAINING' }));
    await drain.set(false);
    drain.admit();
    expect(told).toEqual([
      ['here', 1, true],
      ['here', 1, false],
    ]);
  });

  it('names the servers that take sessions instead: alive, not draining themselves, and not this one', async () => {
    const { drain } = setUp(
      server('here'),
      server('there'),
      server('hidden', { advertiseUrl: null }),
      server('dead', { alive: false }),
      server('tired', { draining: true }),
    );
    expect(drain.draining).toBe(false);
    await drain.set(true);
    expect(drain.draining).toBe(true);
    expect(() => drain.admit()).toThrow(
      expect.objectContaining({
        details: { servers: ['there', 'hidden'] },
        hint: expect.stringContaining('there or hidden'),
      }),
    );
  });

  it('drains on under a new incarnation', async () => {
    const { drain, told, lease } = setUp();
    await drain.reincarnated();
    expect(told).toEqual([]);
    await drain.set(true);
    lease.incarnation = 2;
    await drain.reincarnated();
    expect(told.at(-1)).toEqual(['here', 2, true]);
  });
});
