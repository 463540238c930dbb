import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import type { SessionRow } from '@triterm/core/store';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { expect, it } from 'vitest';
import type { Attachment } from './attachment.ts';
import type { Session } from './session.ts';
import { SessionRegistry } from './session-registry.ts';
import { Supersession, type SupersessionDependencies } from './supersession.ts';

const ROW: SessionRow = {
  ...{ id: 'work-id', rev: 1, userId: 'local', name: 'work', ownerServer: 'server-1', ownerEpoch: 1 },
  ...{ state: 'running', primarySocket: null, doc: exampleDoc(), createdAt: 0, updatedAt: 0 },
};
const ALONE: Principal = { ...SOCKET_OWNER, scope: 'view', tokenId: 'aaaaaaaa', sessionId: ROW.id };

/** A session with these clients, which another server has claimed. */
function claimed(principals: Readonly<Record<string, Principal>>) {
  const told: string[] = [];
  const attachments = new Set<Attachment>();
  for (const [id, principal] of Object.entries(principals))
    attachments.add({
      ...{ id, principal, primary: false },
      notify: (method: string, { message }: { message: string }) => told.push(`${id} ${method}: ${message}`),
    } as unknown as Attachment);
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const session = {
    ...{ id: ROW.id, ptyId: ROW.id, name: ROW.name, userId: ROW.userId, row: ROW },
    live: { attachments, detach: (attachment: Attachment) => attachments.delete(attachment) },
    record: { replace: (row: SessionRow) => Object.assign(session, { row, id: row.id, name: row.name }) },
    info: () => ({}),
    emit: () => {},
  };
  const registry = new SessionRegistry();
  registry.add(session as unknown as Session);
  const supersession = new Supersession({
    registry,
    names: {
      use: (_user: string, name: (taken: () => boolean) => string, work: (name: string) => unknown) =>
        work(name(() => false)),
    },
    store: { create: async (row: Partial<SessionRow>) => ({ ...ROW, ...row }) },
    lease: { ensure: async () => true, held: true, incarnation: () => 1 },
    bus: { emit: () => resolve() },
    presence: { left: () => {}, joined: () => {}, primary: () => {} },
    serverId: 'server-1',
    trouble: (_session: string, what: string, error: unknown) => {
      throw new Error(what, { cause: error });
    },
  } as unknown as SupersessionDependencies);
  const take = async (present: SessionRow | undefined) => {
    supersession.take(session as unknown as Session, present);
    await over;
    supersession.stop();
  };
  return { told, attachments, take };
}

it.each([
  ['claimed', { ...ROW, ownerServer: 'server-2' }, 'was made anew on server server-2'],
  ['removed', undefined, 'was removed'],
])(
  'a session that was %s goes on here with its clients, but for those who might see it alone',
  async (_how, present, why) => {
    const { told, attachments, take } = claimed({ owner: SOCKET_OWNER, guest: ALONE });
    await take(present);
    expect([...attachments].map(({ id }) => id)).toEqual(['owner']);
    expect(told).toEqual([
      `guest attachment.detached: Session work ${why}; your token is not for what runs here.`,
      expect.stringContaining(`owner attachment.session: Session work ${why}; what runs here goes on as `),
    ]);
  },
);

it('a session that had ended is gone when it was removed, with what its host kept of it', async () => {
  const row: SessionRow = { ...ROW, state: 'exited' };
  const done: string[] = [];
  const { promise: over, resolve } = Promise.withResolvers<string>();
  const supersession = new Supersession({
    lifecycle: {
      letGo: () => done.push('let go'),
      retain: () => {},
      forget: async (_id: string, pty: { forget(): Promise<void> } | undefined) => pty?.forget(),
    },
    bus: { emit: (type: string) => resolve(type) },
    names: { use: () => Promise.reject(new Error('it is no orphan')) },
    trouble: (_session: string, what: string) => resolve(what),
  } as unknown as SupersessionDependencies);
  const session = {
    ...{ id: row.id, ptyId: row.id, name: row.name, userId: row.userId, row },
    live: { attachments: new Set(), pty: { forget: async () => void done.push('forgotten') } },
    files: { discard: async () => void done.push('files discarded') },
  } as unknown as Session;
  supersession.take(session, undefined);
  expect(await over).toBe('removed');
  supersession.stop();
  expect(done).toEqual(['let go', 'files discarded', 'forgotten']);
});
