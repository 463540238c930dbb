import { exampleRow } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type IdleClient, IdleLimits, type UsedSession } from './idle-limits.ts';

const ROW = exampleRow();

let limits: { stop(): void; restart(): void } | undefined;
function setUp(idleSessionMs: number, idleClientMs: number) {
  const clients = new Set<IdleClient>();
  const session = { id: ROW.id, row: ROW, activeAtMs: performance.now(), live: { attachments: clients } };
  const configured = { idleSessionMs, idleClientMs };
  const ended: string[] = [];
  const dismissed: string[] = [];
  limits = new IdleLimits<IdleClient, UsedSession<IdleClient>>({
    registry: { all: () => [session] },
    limits: configured,
    end: async ({ id }) => {
      ended.push(id);
      session.row = { ...ROW, state: 'exited' };
    },
    dismiss: (_session, client) => {
      dismissed.push(client.role);
      clients.delete(client);
    },
    trouble: () => {},
  });
  const client = (role: IdleClient['role']): IdleClient => ({ activeAtMs: performance.now(), role });
  return { configured, session, clients, client, ended, dismissed };
}

describe('IdleLimits', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    limits?.stop();
    vi.useRealTimers();
  });

  it('ends a session that nobody is attached to, and that nothing happens in, for that long', async () => {
    const { ended } = setUp(10_000, 0);
    await vi.advanceTimersByTimeAsync(9000);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(3500);
    expect(ended).toEqual([ROW.id]);
  });

  it('follows a change of its limits', async () => {
    const { configured, session, clients, client, ended, dismissed } = setUp(0, 0);
    clients.add(client('controller'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dismissed).toEqual([]);
    configured.idleClientMs = 10_000;
    limits?.restart();
    await vi.advanceTimersByTimeAsync(3000);
    expect(dismissed).toEqual(['controller']);
    configured.idleSessionMs = 1000;
    configured.idleClientMs = 0;
    limits?.restart();
    await vi.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual([session.id]);
  });

  it('counts from the last output, input or client', async () => {
    const { session, clients, client, ended } = setUp(10_000, 0);
    await vi.advanceTimersByTimeAsync(8000);
    session.activeAtMs = performance.now();
    await vi.advanceTimersByTimeAsync(8000);
    const watching = client('viewer');
    clients.add(watching);
    await vi.advanceTimersByTimeAsync(60_000);
    clients.delete(watching);
    await vi.advanceTimersByTimeAsync(7000);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(6000);
    expect(ended).toHaveLength(1);
  });

  it('lets a client go that types nothing, but none that only looks on', async () => {
    const { clients, client, dismissed } = setUp(0, 10_000);
    clients.add(client('controller')).add(client('viewer'));
    await vi.advanceTimersByTimeAsync(13_000);
    expect(dismissed).toEqual(['controller']);
  });

  it('costs nothing where nothing is configured', () => {
    setUp(0, 0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
