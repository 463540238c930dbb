import { newSessionId, type SessionDoc } from '@triterm/core/domain';
import type { NewSession, SessionRow } from '@triterm/core/store';

export const USER = 'user';

/** A session's document as the daemon makes one. */
export function exampleDoc(change: Partial<SessionDoc> = {}): SessionDoc {
  return {
    argv: ['vim', 'notes.txt'],
    command: 'vim notes.txt',
    shell: null,
    cwd: '/home/user',
    title: 'notes – ünïcödé 🗒',
    cols: 120,
    rows: 40,
    sizePolicy: 'latest',
    labels: { project: 'triterm' },
    scrollbackLines: 10_000,
    pid: 4242,
    hostId: 'host-1',
    exitCode: null,
    signal: null,
    endedAt: null,
    bootId: 'boot-1',
    ...change,
  };
}

export function exampleSession(name: string, change: Partial<NewSession> = {}): NewSession {
  return {
    id: newSessionId(),
    userId: USER,
    name,
    ownerServer: 'server-1',
    state: 'running',
    doc: exampleDoc(),
    ...change,
  };
}

/** A session as a store would have it, that never was in one. */
export function exampleRow(change: Partial<SessionRow> = {}): SessionRow {
  return {
    ...exampleSession('work', { id: 'a'.repeat(12), userId: 'local', ownerServer: 'here' }),
    rev: 1,
    ownerEpoch: 1,
    primarySocket: null,
    createdAt: 0,
    updatedAt: 0,
    ...change,
  };
}
