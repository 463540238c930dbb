import type { ServerRow, SessionRow } from '@triterm/core/store';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { describe, expect, it } from 'vitest';
import { requireOwnerDead } from './owner-death.ts';

const EPOCH = 50;
const HERE = { hostId: 'host-here', bootId: 'boot-here' };

const row = (change: Partial<SessionRow> = {}): SessionRow => ({
  id: 'a'.repeat(12),
  rev: 60,
  userId: 'local',
  name: 'work',
  ownerServer: 'owner',
  ownerEpoch: EPOCH,
  state: 'running',
  primarySocket: null,
  doc: exampleDoc({ bootId: 'boot-then' }),
  createdAt: 0,
  updatedAt: 0,
  ...change,
});

const server = (change: Partial<ServerRow> = {}): ServerRow => ({
  id: 'owner',
  hostId: 'host-then',
  bootId: 'boot-then',
  stateDir: '/state',
  advertiseUrl: null,
  incarnation: 40,
  leaseLeftMs: -1,
  draining: false,
  ...change,
});

const refusal = (servers: ServerRow[], { force = false, here = HERE, session = row() } = {}) => {
  try {
    requireOwnerDead(session, servers, here, force);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
};

describe('making a session anew that another server owns', () => {
  it('is refused while that server is alive, with force too', () => {
    const servers = [server({ leaseLeftMs: 1 })];
    for (const force of [false, true])
      expect(refusal(servers, { force })).toMatchObject({ code: 'OWNER_ALIVE' });
    expect(refusal(servers, { session: row({ state: 'lost' }) })).toMatchObject({
      hint: expect.stringContaining('owner'),
    });
  });

  it('is refused when only its lease has lapsed, and allowed with force', () => {
    expect(refusal([server()])).toMatchObject({
      code: 'OWNER_ALIVE',
      hint: expect.stringContaining('--force'),
    });
    expect(refusal([server()], { force: true })).toBeUndefined();
    expect(refusal([])).toMatchObject({ code: 'OWNER_ALIVE' });
    expect(refusal([], { force: true })).toBeUndefined();
  });

  it('is allowed when its server itself has said that its program is gone', () => {
    expect(refusal([server()], { session: row({ state: 'lost' }) })).toBeUndefined();
  });

  it('is allowed when its host was rebooted: the owner, another server on it, or this one tells of another boot', () => {
    expect(refusal([server({ bootId: 'boot-later', incarnation: EPOCH + 1 })])).toBeUndefined();
    const neighbour = server({ id: 'neighbour', bootId: 'boot-later', incarnation: EPOCH + 1 });
    expect(refusal([server(), neighbour])).toBeUndefined();
    expect(refusal([server()], { here: { hostId: 'host-then', bootId: 'boot-later' } })).toBeUndefined();
  });

  it('is refused when the other boot was an earlier one, the same one, or that of another host', () => {
    const neighbour = { id: 'neighbour', incarnation: EPOCH + 1 };
    for (const other of [
      server({ ...neighbour, bootId: 'boot-earlier', incarnation: EPOCH - 1 }),
      server(neighbour),
      server({ ...neighbour, hostId: 'host-else', bootId: 'boot-else' }),
    ])
      expect(refusal([server(), other])).toMatchObject({ code: 'OWNER_ALIVE' });
    expect(refusal([server()], { here: { hostId: 'host-then', bootId: 'boot-then' } })).toBeDefined();
  });
});
